import { z } from 'zod'
import { Story } from '../../../schemas/story.ts'
import type { VerdictKind } from '../../../schemas/verdict.ts'
import type { Tokens } from '../../runtime/tokens.ts'

const NAME = 'night shift of the demo'
const TIMEOUT_MS = 10_000
/** Whichever of them says most is the one that the story names. */
const FROM_ELSEWHERE: readonly string[] = ['session-replay', 'unfamiliar-context', 'impossible-travel']
const Stories = z.object({ stories: z.array(Story) })

/**
 * Whoever was on duty in the days before judges what was found then, as a person
 * would: over the API, with a token of their own. What happens from now on is for
 * the one who looks. Resolves to how many stories were judged, 0 on a restart.
 *
 * @param api where feedback's API is, without a slash at the end
 */
export async function nightShift(api: string, tokens: Tokens, tenant: string): Promise<number> {
  const token = await tokens.create({ name: NAME, scopes: ['analyst'], ttl_days: 1 })
  try {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const ask = async (path: string, init: RequestInit = {}): Promise<unknown> => {
      const response = await fetch(`${api}/api/v1/${path}`, {
        ...init,
        headers,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      if (!response.ok) throw new Error(`${path}: ${response.status}`)
      return response.json()
    }
    const { stories } = Stories.parse(await ask(`stories?tenant=${tenant}&limit=200`))
    const judged = stories.flatMap((story) => {
      const said = story.origin === 'import' && story.verdict === null ? judgementOf(story) : null
      return said === null ? [] : [{ id: story.id, said }]
    })
    for (const { id, said } of judged)
      await ask(`stories/${id}/verdict?tenant=${tenant}`, { method: 'POST', body: JSON.stringify(said) })
    return judged.length
  } finally {
    for (const { id, name } of await tokens.list()) if (name === NAME) await tokens.revoke(id)
  }
}

function judgementOf({ detectors, risk_level }: Story): { verdict: VerdictKind; note: string } | null {
  if (risk_level === 'HIGH' && detectors.some((each) => FROM_ELSEWHERE.includes(each)))
    return { verdict: 'confirm_compromised', note: 'called back: not in that country, and never was' }
  if (detectors.includes('denied-burst'))
    return { verdict: 'confirm_safe', note: 'looked for their own payslip; has been told where it is' }
  return null
}
