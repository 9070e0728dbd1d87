import { fork } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Pool } from 'undici'
import { z } from 'zod'
import type { SpoolChildOrder, SpoolChildPlan } from './spool-child.ts'

const CHILD = fileURLToPath(new URL('spool-child.ts', import.meta.url))
const Ready = z.object({ origin: z.string(), decision_point: z.string(), token: z.string() })
const Report = z.object({ number: z.number(), note: z.string().nullable(), metrics: z.string() })

export interface Answered {
  readonly status: number
  /** Null: there is no record. */
  readonly id: string | null
  readonly ms: number
}

export interface SpoolingGateway {
  readonly origin: string
  /** What was answered so far with a decision that is durable, in the order of the answers. */
  readonly acknowledged: string[]
  /** Milliseconds that each of these took. */
  readonly took: number[]
  readonly refused: { total: number }
  /** One request of a person. */
  ask(person: number): Promise<Answered>
  /** Asks by so many clients, each with that pause between two requests, until `stop` or until the process is gone. */
  load(clients: number, pauseMs?: number): { stop(): Promise<void> }
  /** A question to the decision point, as that subject. */
  evaluate(subject: { type: string; id: string }): Promise<{ status: number; id: string | null }>
  order(order: SpoolChildOrder): Promise<{ note: string | null; metrics: string }>
  kill(): Promise<void>
  /** Ends it as an operator does; gives the exit code. */
  stop(): Promise<number | null>
}

/** Starts `spool-child.ts`. */
export async function startSpoolingGateway(plan: SpoolChildPlan): Promise<SpoolingGateway> {
  const child = fork(CHILD, [JSON.stringify(plan)], { execArgv: [] })
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  const waiting = new Map<number, (report: z.infer<typeof Report>) => void>()
  let orders = 0
  const ready = await new Promise<z.infer<typeof Ready>>((resolve, reject) => {
    child.once('message', (message) => resolve(Ready.parse(message)))
    void exited.then((code) => reject(new Error(`the gateway ended with ${code}`)))
  })
  child.on('message', (message) => {
    const report = Report.parse(message)
    waiting.get(report.number)?.(report)
    waiting.delete(report.number)
  })
  const pool = new Pool(ready.origin, { connections: 16 })
  const acknowledged: string[] = []
  const took: number[] = []
  const refused = { total: 0 }

  async function ask(person: number): Promise<Answered> {
    const started = performance.now()
    const answer = await pool.request({
      path: `/people/${person}`,
      method: 'GET',
      headers: { host: 'app.localhost', 'user-agent': `load/${person}` },
    })
    await answer.body.dump()
    const ms = performance.now() - started
    const header = answer.headers['x-gatewatch-decision-id']
    const id = typeof header === 'string' && header !== 'unrecorded' ? header : null
    if (id !== null) {
      acknowledged.push(id)
      took.push(ms)
    } else refused.total += 1
    return { status: answer.statusCode, id, ms }
  }

  async function end(signal: NodeJS.Signals): Promise<number | null> {
    child.kill(signal)
    const code = await exited
    await pool.destroy()
    return code
  }

  return {
    origin: ready.origin,
    acknowledged,
    took,
    refused,
    ask,
    load(clients, pauseMs) {
      const state = { on: true }
      const loops = Array.from({ length: clients }, async (_, client) => {
        for (let turn = 0; state.on; turn += 1) {
          try {
            await ask(client * 1000 + (turn % 50))
            if (pauseMs !== undefined) await pause(pauseMs)
          } catch {
            return
          }
        }
      })
      return {
        async stop() {
          state.on = false
          await Promise.all(loops)
        },
      }
    },
    async evaluate(subject) {
      const response = await fetch(`${ready.decision_point}/access/v1/evaluation`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${ready.token}` },
        body: JSON.stringify({
          subject,
          action: { name: 'GET' },
          resource: { type: 'http', id: '/x' },
          context: { http: { host: 'app.localhost', path: '/x', method: 'GET' } },
        }),
      })
      const body: unknown = await response.json()
      const id = z.object({ context: z.object({ decision_id: z.string() }) }).safeParse(body).data
      return { status: response.status, id: id?.context.decision_id ?? null }
    },
    order(order) {
      orders += 1
      const number = orders
      return new Promise((resolve) => {
        waiting.set(number, resolve)
        child.send({ ...order, number })
      })
    },
    async kill() {
      await end('SIGKILL')
    },
    stop: () => end('SIGTERM'),
  }
}

/** A policy that lets everybody through to `upstream`, with one break-glass account. */
export function openPolicy(upstream: string): string {
  return `version: 1
policy: p
break_glass: ['service:root']
routes:
  - id: all
    host: app.localhost
    path: /**
    upstream: ${upstream}
    app: app
    public: true
    rules: [{ id: all, when: 'true', outcome: permit }]
`
}
