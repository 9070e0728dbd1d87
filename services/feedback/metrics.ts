import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** What the feedback service counts. Labels come from closed sets; nobody's name is one. */
export interface FeedbackMetrics {
  readonly received: Counter<'topic'>
  readonly dead_letters: Counter<'topic' | 'reason'>
  readonly states: Counter<'level'>
  readonly withheld: Counter<'reason'>
  readonly evicted: Counter<'what'>
  readonly reloads: Counter
  readonly batch_seconds: Histogram
  readonly open_stories: Gauge
  readonly entities: Gauge
  readonly subscribers: Gauge
  readonly cut_off: Counter<'cause'>
  readonly deliveries: Counter<'receiver' | 'outcome'>
  readonly open_alerts: Gauge
}

export function feedbackMetrics(registry: Registry): FeedbackMetrics {
  const registers = [registry]
  const name = (rest: string) => `gatewatch_feedback_${rest}`
  return {
    received: new Counter({
      name: name('records_received_total'),
      help: 'Findings, verdicts and ticks read.',
      labelNames: ['topic'],
      registers,
    }),
    dead_letters: new Counter({
      name: name('dead_letters_total'),
      help: 'Records put aside, by reason.',
      labelNames: ['topic', 'reason'],
      registers,
    }),
    states: new Counter({
      name: name('risk_states_total'),
      help: 'Risk states written, by level.',
      labelNames: ['level'],
      registers,
    }),
    withheld: new Counter({
      name: name('restrictions_withheld_total'),
      help: 'Restrictions that the score asked for and that were not imposed.',
      labelNames: ['reason'],
      registers,
    }),
    evicted: new Counter({
      name: name('evicted_total'),
      help: 'Entities forgotten and stories closed because there were too many.',
      labelNames: ['what'],
      registers,
    }),
    reloads: new Counter({
      name: name('reloads_total'),
      help: 'Times the ledger was read anew from the log after a failed commit.',
      registers,
    }),
    batch_seconds: new Histogram({
      name: name('batch_seconds'),
      help: 'Time to work out what a batch changes, without the commit.',
      buckets: [0.0001, 0.0005, 0.001, 0.005, 0.02, 0.1, 0.5],
      registers,
    }),
    open_stories: new Gauge({
      name: name('open_stories'),
      help: 'Stories that nobody has closed.',
      registers,
    }),
    entities: new Gauge({ name: name('entities'), help: 'Entities whose risk is remembered.', registers }),
    subscribers: new Gauge({ name: name('stream_subscribers'), help: 'Open risk streams.', registers }),
    cut_off: new Counter({
      name: name('stream_cut_off_total'),
      help: 'Subscribers cut off or turned away, by cause.',
      labelNames: ['cause'],
      registers,
    }),
    deliveries: new Counter({
      name: name('alert_deliveries_total'),
      help: 'Attempts to deliver an alert, by receiver and outcome.',
      labelNames: ['receiver', 'outcome'],
      registers,
    }),
    open_alerts: new Gauge({ name: name('open_alerts'), help: 'Alerts that are firing.', registers }),
  }
}
