import { Truth, type Attack, type Ordinary } from '../../schemas/truth.ts'
import { inputError, jsonOf, linesOf } from './lines.ts'

/** What really happened. */
export interface TruthFile {
  readonly attacks: readonly Attack[]
  readonly ordinary: readonly Ordinary[]
  /** Which attack a decision belongs to. */
  readonly attackOf: ReadonlyMap<string, Attack>
}

/**
 * Reads `truth.jsonl`. An id may stand once, and a decision may belong to one
 * attack: else no one can say which of two was found.
 *
 * @throws GatewatchError `ERR_EVALUATE_INPUT` with file, line and reason.
 */
export async function readTruth(path: string): Promise<TruthFile> {
  const attacks: Attack[] = []
  const ordinary: Ordinary[] = []
  const ids = new Map<string, number>()
  const attackOf = new Map<string, Attack>()
  for await (const lines of linesOf(path)) {
    for (const line of lines) {
      const refuse = (reason: string) => inputError(path, line.number, reason)
      const parsed = Truth.safeParse(jsonOf(path, line))
      if (!parsed.success) {
        const [issue] = parsed.error.issues
        throw refuse(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is no truth'}`.replace(/^: /, ''))
      }
      const truth = parsed.data
      const before = ids.get(truth.id)
      if (before !== undefined) throw refuse(`id: ${truth.id} stands in line ${before} already`)
      ids.set(truth.id, line.number)
      if (truth.ended_at < truth.started_at) throw refuse('ended_at: lies before started_at')
      if (truth.kind === 'ordinary') {
        ordinary.push(truth)
        continue
      }
      attacks.push(truth)
      for (const id of truth.decision_ids) {
        const other = attackOf.get(id)
        if (other !== undefined)
          throw refuse(
            `decision_ids: ${id} belongs to ${other.id === truth.id ? 'it twice' : `${other.id} already`}`,
          )
        attackOf.set(id, truth)
      }
    }
  }
  return { attacks, ordinary, attackOf }
}
