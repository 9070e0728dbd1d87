import type { Socket } from 'node:net'
import type { CompiledPolicy } from '../../policy/compile.ts'
import { normalAddress } from '../address.ts'
import type { Recorder } from '../record/recorder.ts'
import { unroutedDraft } from '../unrouted-draft.ts'

export interface MalformedOptions {
  readonly recorder: Recorder
  readonly tenant: string
  readonly policy: () => CompiledPolicy
  readonly now: () => number
}

/** Records bytes that are no HTTP request as a refusal: somebody was at the door and what they said made no sense. */
export function recordMalformed({ recorder, tenant, policy, now }: MalformedOptions) {
  return (socket: Socket): void => {
    const ip = normalAddress(socket.remoteAddress ?? '')
    recorder.record({
      ...unroutedDraft({
        tenant,
        now: now(),
        reason: 'request_malformed',
        revision: policy().revision,
        action: 'unknown',
        resource: { type: 'http', id: 'unknown' },
      }),
      context: { ...(ip === null ? {} : { ip }), http: { status: 400 } },
    })
  }
}
