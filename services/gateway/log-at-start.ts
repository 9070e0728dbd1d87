import { GatewatchError } from '../runtime/errors.ts'
import { within } from '../runtime/within.ts'

/**
 * Waits for the log at a start, `ms` at most. A gateway that runs goes on with
 * its spool when the log goes away: what it knew of risk and devices grows old,
 * and policy sees how old. One that starts knows nothing: not who was revoked,
 * not which devices there are, not where its own chain ends. So it does not
 * start, and says so; its spool stays as it is. The price: whoever restarts
 * gateways while the log is away takes them out of service, so a rollout must
 * wait for the new one to be ready before it stops the old.
 *
 * @throws GatewatchError `ERR_LOG_UNAVAILABLE`
 */
export async function fromLog<T>(work: Promise<T>, ms = 30_000): Promise<T> {
  const result = await within(work, ms)
  if (result !== 'late') return result
  throw new GatewatchError(
    'ERR_LOG_UNAVAILABLE',
    'The event log does not answer, and a gateway that starts without it would not know whom to keep out; see to the log and start again, what waits in the spool stays there.',
    { retriable: true },
  )
}
