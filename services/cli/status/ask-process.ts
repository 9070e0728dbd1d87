import type { Config } from '../../config.ts'

/** What the process that runs on this machine says of itself. */
export interface ProcessState {
  readonly answers: boolean
  readonly failing: Readonly<Record<string, string>>
  /** What people should know of a part that works all the same, such as a spool that holds decisions. */
  readonly notes: Readonly<Record<string, string>>
}

/** Asks the admin port. */
export async function askProcess({ host, port }: Config['admin']): Promise<ProcessState> {
  try {
    const address = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host
    const response = await fetch(`http://${address}:${port}/health/ready`, {
      signal: AbortSignal.timeout(2000),
    })
    const body: unknown = await response.json()
    if (typeof body !== 'object' || body === null || !('failing' in body))
      return { answers: true, failing: { health: 'answers in another form' }, notes: {} }
    return {
      answers: true,
      failing: textsOf(body.failing),
      notes: 'notes' in body ? textsOf(body.notes) : {},
    }
  } catch {
    return { answers: false, failing: {}, notes: {} }
  }
}

/** One line for the process, and one for each note. */
export function processText({ answers, failing, notes }: ProcessState): string {
  const troubles = Object.entries(failing).map(([part, why]) => `${part}: ${why}`)
  const state = troubles.length === 0 ? 'ready' : troubles.join('; ')
  const lines = [`process  ${answers ? state : 'does not answer on the admin port'}`]
  for (const [part, note] of Object.entries(notes)) lines.push(`${part.padEnd(8)} ${note}`)
  return `${lines.join('\n')}\n`
}

function textsOf(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {}
  return Object.fromEntries(Object.entries(value).map(([part, text]) => [part, String(text)]))
}
