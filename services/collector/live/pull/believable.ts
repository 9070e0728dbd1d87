import { instantOf } from '../../formats/instant.ts'
import { isAhead } from '../../map-record.ts'

/**
 * The instants among these that a position may follow, in our form. One that is
 * still to come would be asked from for as long, and everything until then be
 * missed; its event is put aside anyway.
 */
export function believable(instants: readonly string[], nowMs: number): string[] {
  return instants.flatMap((text) => {
    const instant = instantOf(text)
    return instant === null || isAhead(instant, nowMs) ? [] : [instant]
  })
}
