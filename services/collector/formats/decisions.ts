import { z } from 'zod'
import { parseDecision } from '../../../schemas/decision.ts'
import { decisions, unusable, type RecordReader } from './format.ts'
import { jsonReader } from './json.ts'
import { keep } from './unmapped.ts'

const Known = z.looseObject({ id: z.string().optional() })

/**
 * Gatewatch's own decision events (`schemas/decision.ts`), one JSON object a
 * line, or in an array.
 *
 * | theirs | ours |
 * |---|---|
 * | every field of the schema | the same field |
 * | `id`, `tenant`, `pep`, `chain` | `unmapped.imported`: the import has its own, since an event that a file brings must not replace one that a gateway wrote |
 * | `origin` | what the import says |
 * | `chain.salt` | left out: it belongs to the chain that it came from |
 * | fields that the schema does not know | `unmapped.later`, by JSON pointer |
 *
 * An event without `id` may be imported.
 */
export function decisionsReader(): RecordReader {
  return jsonReader((object) => {
    const known = Known.safeParse(object)
    if (!known.success) return unusable('record_invalid', 'id: must be text')
    const parsed = parseDecision({ ...object, id: object['id'] ?? 'none' })
    if (!parsed.success) {
      const [issue] = parsed.error.issues
      return unusable('record_invalid', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`)
    }
    const { id, tenant, origin: _origin, pep, chain, unmapped, ...draft } = parsed.data
    const imported = {
      ...(known.data.id === undefined ? {} : { id }),
      ...(object['tenant'] === undefined ? {} : { tenant }),
      ...(pep === undefined ? {} : { pep }),
      ...(chain === undefined ? {} : { chain_hash: chain.hash }),
    }
    return decisions({ ...draft, unmapped: keep({ imported }, unmapped ?? {}) })
  })
}
