import type { Logger } from 'pino'
import { Logout } from '../../../schemas/logout.ts'
import { sessionLogouts } from '../../../schemas/topics.ts'
import type { EventLog, OutRecord } from '../../runtime/log/event-log.ts'
import { jsonRecord, readRecord } from '../../runtime/log/json-record.ts'
import { Waker } from '../../runtime/waker.ts'
import { within } from '../../runtime/within.ts'
import { fromLog } from '../log-at-start.ts'
import { openLogoutFile } from './logout-file.ts'

/** How long somebody who signs out waits for the log; later, other gateways hear of it later. */
const SHARED_WITHIN_MS = 2000
const RETRY_MIN_MS = 100
const RETRY_MAX_MS = 10_000
const MAX_RECORDS = 500
const SWEEP_EVERY_MS = 3_600_000
/** A session that ended so long ago is over by every gateway's clock. */
const OVER_FOR_MS = 3_600_000

/** Sessions that were signed out before they ended, at this gateway or at another one on the same log. */
export interface Logouts {
  readonly has: (session_id: string) => boolean
  /** Resolves when it is on this machine's disk, and in the log, unless that takes longer than 2 s. Never rejects for the log. */
  add(session_id: string, expires_at_ms: number): Promise<void>
  close(): Promise<void>
}

export interface LogoutsOptions {
  readonly eventLog: EventLog
  readonly logger: Logger
  readonly tenant: string
  /** The file of those that were signed out here. */
  readonly path: string
  readonly now: () => number
  /** Told of each session that was signed out, here or elsewhere. */
  readonly ended: (session_id: string) => void
}

/**
 * First to this machine's disk, so that a sign-out counts here whatever becomes
 * of the log, then to `session.logouts`, so that it counts at every gateway that
 * opens the same cookies. What the file has and the log lacks is brought there at
 * the next start.
 */
export async function openLogouts(options: LogoutsOptions): Promise<Logouts> {
  const { eventLog, logger, tenant, now } = options
  const keyOf = (session_id: string) => `${tenant}/${session_id}`
  const table = await fromLog(eventLog.openTable(sessionLogouts))
  await fromLog(table.caughtUp())
  const file = await openLogoutFile(options.path, now())
  const unshared = new Map([...file.entries()].filter(([id]) => table.get(keyOf(id)) === undefined))
  const waker = new Waker()
  const state = { stopped: false }
  let failing = false
  let sharing: Promise<void> | null = null

  async function bring(): Promise<void> {
    for (let pause = RETRY_MIN_MS; unshared.size > 0 && !state.stopped;) {
      const batch = [...unshared].slice(0, MAX_RECORDS)
      const at = now()
      try {
        await eventLog.append(batch.map(([id, end]) => recordOf(tenant, id, at, end)))
        for (const [id] of batch) unshared.delete(id)
        failing = false
        pause = RETRY_MIN_MS
      } catch (error) {
        if (!failing)
          logger.warn(
            { err: error },
            'a sign-out waits for the event log; other gateways do not know of it yet',
          )
        failing = true
        await waker.sleep(pause)
        pause = Math.min(2 * pause, RETRY_MAX_MS)
      }
    }
  }

  function share(): Promise<void> {
    sharing ??= bring().finally(() => {
      sharing = null
      // One that came as the last append ended.
      if (unshared.size > 0 && !state.stopped) void share()
    })
    return sharing
  }

  /** Removes what is over, a few of the oldest at a time; that another gateway does the same changes nothing. */
  async function sweep(): Promise<void> {
    const over: string[] = []
    for (const [key, value] of table.entries(`${tenant}/`)) {
      const logout = readRecord(Logout, { value })
      if (logout !== undefined && Date.parse(logout.expires_at) < now() - OVER_FOR_MS) over.push(key)
    }
    for (let at = 0; at < over.length && !state.stopped; at += MAX_RECORDS) {
      const some = over.slice(at, at + MAX_RECORDS)
      await eventLog.append(some.map((key) => ({ topic: sessionLogouts, key, value: null })))
    }
  }

  function sweepSoon(): void {
    sweep().catch((error: unknown) => {
      logger.warn({ err: error }, 'sign-outs of sessions that are over could not be removed from the log')
    })
  }

  const unfollow = table.follow((key, value) => {
    if (value !== undefined && key.startsWith(`${tenant}/`)) options.ended(key.slice(tenant.length + 1))
  })
  const timer = setInterval(sweepSoon, SWEEP_EVERY_MS)
  timer.unref()
  sweepSoon()
  void share()

  return {
    has: (session_id) => file.has(session_id) || table.get(keyOf(session_id)) !== undefined,
    async add(session_id, expires_at_ms) {
      await file.add(session_id, expires_at_ms)
      unshared.set(session_id, expires_at_ms)
      options.ended(session_id)
      await within(share(), SHARED_WITHIN_MS)
    },
    async close() {
      state.stopped = true
      clearInterval(timer)
      unfollow()
      waker.wake()
      // What the log did not take in time stays in the file for the next start.
      if (sharing !== null) await within(sharing, SHARED_WITHIN_MS)
      await table.close()
      await file.close()
    },
  }
}

function recordOf(tenant: string, session_id: string, at: number, end: number): OutRecord {
  const logout: Logout = {
    schema_version: 1,
    tenant,
    session_id,
    logged_out_at: new Date(at).toISOString(),
    expires_at: new Date(end).toISOString(),
  }
  return jsonRecord(sessionLogouts, logout)
}
