/** Why a restriction that the risk asked for was not imposed. @type {Readonly<Record<string, string>>} */
const reasons = {
  circuit_breaker:
    'No restriction: too many people would have been restricted within the hour, so a person decides.',
  break_glass: 'No restriction: this is a break-glass account.',
  import: 'No restriction: imported history restricts nobody.',
}

/** @param {string} why */
export function withheldWords(why) {
  return reasons[why] ?? why
}
