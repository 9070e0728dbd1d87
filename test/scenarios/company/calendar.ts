/** What happens to everybody, by day; a shorter time has all of it, closer together. */
export interface Calendar {
  /** New versions of all browsers come out. */
  readonly newVersionDay: number
  /** The tunnel's gateway in Frankfurt moves to another provider and country. */
  readonly gatewayMovesDay: number
  /** The cloud proxy of two sites is replaced. */
  readonly proxyMovesDay: number
  /** A policy is rolled out that refuses sales what it works with; rolled back four hours later. */
  readonly rolloutDay: number
  /** The office in Berlin gets another provider. */
  readonly officeMovesDay: number
  /** The quarter ends: first and last day. */
  readonly quarterEnd: { readonly from: number; readonly to: number }
}

export function calendarOf(days: number): Calendar {
  const at = (share: number) => Math.floor(share * days)
  /** A happening on a weekend would go unseen. */
  const workday = (day: number) => (day % 7 === 5 ? day - 1 : day % 7 === 6 ? day + 1 : day)
  return {
    newVersionDay: at(0.37),
    gatewayMovesDay: workday(at(0.43)),
    proxyMovesDay: workday(at(0.6)),
    rolloutDay: workday(at(0.52)),
    officeMovesDay: workday(at(0.77)),
    quarterEnd: { from: at(0.7), to: at(0.7) + Math.max(1, Math.round(days * 0.15)) },
  }
}

/** Days count from a Monday. */
export function isWeekend(day: number): boolean {
  return ((day % 7) + 7) % 7 >= 5
}
