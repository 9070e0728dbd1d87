/**
 * A gateway in a process of its own whose log can be taken away, and whose clock
 * can be set, by messages: for tests of the spool that kill it.
 */
import { z } from 'zod'
import { openEmbeddedLog } from '../../../services/runtime/log/embedded/embedded-log.ts'
import { openForChild } from '../log/kafka-log-driver.ts'
import { startTestGateway } from './gateway.ts'
import { unreachableLog } from '../log/unreachable-log.ts'

const Plan = z.object({
  data_dir: z.string(),
  /** Directory of an embedded log, or what `openForChild` of the Kafka driver takes. */
  log: z.union([z.object({ directory: z.string() }), z.object({ kafka: z.string() })]),
  policy: z.string(),
  config: z.record(z.string(), z.unknown()),
  away: z.enum(['well', 'refuse', 'hang', 'deaf', 'mute', 'read_only']),
})
export type SpoolChildPlan = z.infer<typeof Plan>

const Order = z.object({
  /** Comes back with the answer. */
  number: z.number(),
  away: Plan.shape.away.optional(),
  /** The clock stands this far from the real one, in ms. */
  clock_ms: z.number().optional(),
})
export type SpoolChildOrder = Omit<z.infer<typeof Order>, 'number'>

const plan = Plan.parse(JSON.parse(process.argv[2] ?? ''))
let clock_ms = 0
const real = Date.now
Date.now = () => real() + clock_ms
const log =
  'kafka' in plan.log
    ? await openForChild(plan.log.kafka)
    : await openEmbeddedLog({ directory: plan.log.directory, partitions: 4 })
const switched = unreachableLog(log)
const gateway = await startTestGateway(plan.data_dir, switched.eventLog, plan.policy, plan.config)
switched.become(plan.away)
const token = await gateway.tokens.create({ name: 'pep', scopes: ['decision-point'] })

process.on('message', (message) => {
  const order = Order.parse(message)
  if (order.clock_ms !== undefined) clock_ms = order.clock_ms
  if (order.away !== undefined) switched.become(order.away)
  void gateway.runtime.metrics
    .metrics()
    .then((metrics) => process.send?.({ number: order.number, note: gateway.note(), metrics }))
})
process.once('SIGTERM', () => {
  void gateway.stop().then(async () => {
    await log.close()
    process.exit(0)
  })
})
process.send?.({ origin: gateway.origin, decision_point: gateway.decisionPoint, token })
