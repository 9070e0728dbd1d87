import { setTimeout as pause } from 'node:timers/promises'
import { Pool } from 'undici'
import { z } from 'zod'
import { GatewatchError } from '../../runtime/errors.ts'

export interface LoadOptions {
  /** Decisions a second of people who do nothing wrong. */
  readonly rate: number
  readonly people: number
  readonly attacks: number
  /** How long only the calm ones ask at first, ms. */
  readonly calm_ms: number
  /** Attacks before those that count, while code and caches of a process just started are cold. */
  readonly warmups: number
}

export interface LoadResult {
  /** Answers that the calm people got, and over how long. */
  readonly answers: number
  readonly seconds: number
  /** Attackers who saw an outcome change, in their order, warm-up included. */
  readonly stopped: readonly string[]
}

const Answer = z.object({ context: z.object({ outcome: z.string() }) })
const TICK_MS = 10
/** Requests that one attack may take before it counts as never stopped. */
const PATIENCE = 400

/**
 * Calm traffic at a fixed rate, whatever the answers take (open loop), and
 * attackers one after another: each asks for what it may not have, one request
 * after the other, and beside it for what it may, until that is not permitted any more.
 */
export async function runLoad(evaluation: URL, token: string, options: LoadOptions): Promise<LoadResult> {
  const pool = new Pool(evaluation.origin, { connections: 64, pipelining: 1 })
  const ask = async (subject: string, action: string, resource: number, client: number): Promise<string> => {
    const { statusCode, body } = await pool.request({
      method: 'POST',
      path: evaluation.pathname,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        subject: { type: 'user', id: subject },
        action: { name: action },
        resource: { type: 'record', id: String(resource) },
        context: { ip: `198.18.${client >> 8}.${client & 255}`, user_agent: AGENT },
      }),
    })
    if (statusCode !== 200) {
      await body.dump()
      throw new GatewatchError(
        'ERR_USAGE',
        `The decision point answered ${statusCode}; this machine is too busy for ${options.rate} decisions a second.`,
      )
    }
    return Answer.parse(await body.json()).context.outcome
  }

  let answers = 0
  let fault: unknown
  /** A fault is told at the end: until then nobody waits for it, and the process would end with all that it has started. */
  const heard = async (answer: Promise<string>): Promise<void> => {
    try {
      await answer
    } catch (error) {
      fault ??= error
    }
  }
  const counted = async (answer: Promise<string>): Promise<void> => {
    await heard(answer)
    answers += 1
  }
  const ended = new AbortController()
  const calm = (async () => {
    const begin = performance.now()
    const asked: Promise<void>[] = []
    let sent = 0
    while (!ended.signal.aborted) {
      const due = ((performance.now() - begin) * options.rate) / 1000
      for (; sent < due; sent += 1) {
        const person = (sent * 7919) % options.people
        asked.push(counted(ask(`person-${person}`, 'read', sent % 200, person & 0xffff)))
      }
      if (asked.length > 1000) await Promise.all(asked.splice(0, 500))
      await pause(TICK_MS)
    }
    await Promise.all(asked)
    return (performance.now() - begin) / 1000
  })()

  const stopped: string[] = []
  /** Whether the attacker was stopped. */
  const attack = async (subject: string, client: number): Promise<boolean> => {
    const stop = new AbortController()
    const probing = (async () => {
      for (let request = 0; request < PATIENCE && !stop.signal.aborted; request += 1)
        await heard(ask(subject, 'delete', request % 200, client))
    })()
    try {
      for (let request = 0; request < PATIENCE; request += 1)
        if ((await ask(subject, 'read', 1, client)) !== 'permit') return true
      return false
    } finally {
      stop.abort()
      await probing
    }
  }
  try {
    await pause(options.calm_ms)
    for (let number = 0; number < options.warmups + options.attacks; number += 1) {
      const subject = `mallory-${number}`
      if (await attack(subject, 0x8000 + (number & 0x7fff))) stopped.push(`user:${subject}`)
    }
  } finally {
    ended.abort()
  }
  const seconds = await calm
  await pool.close()
  if (fault !== undefined) throw fault
  return { answers, seconds, stopped }
}

const AGENT = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
