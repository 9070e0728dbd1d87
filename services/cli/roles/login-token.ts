import type { Tokens } from '../../runtime/tokens.ts'

const NAME = 'console login of gatewatch up'
const TTL_DAYS = 7
const KEPT = 5

/**
 * A token for the login link that `up` prints. A token can't be shown twice, so
 * each start makes one; older ones still serve browsers that are logged in,
 * until they expire or there are more than a few.
 */
export async function loginToken(tokens: Tokens, now: number = Date.now()): Promise<string> {
  const earlier = (await tokens.list()).filter((token) => token.name === NAME)
  const surplus = earlier.filter(
    ({ expires_at }, index) =>
      index < earlier.length - KEPT || (expires_at !== null && Date.parse(expires_at) <= now),
  )
  for (const { id } of surplus) await tokens.revoke(id)
  return tokens.create({ name: NAME, scopes: ['analyst'], ttl_days: TTL_DAYS })
}
