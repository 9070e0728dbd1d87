import type { Finding } from '../../../schemas/finding.ts'
import type { RiskState } from '../../../schemas/risk.ts'
import type { Story } from '../../../schemas/story.ts'
import type { Verdict } from '../../../schemas/verdict.ts'
import { DEFAULT_PARAMETERS } from '../../../services/feedback/ledger/parameters.ts'
import { verdictsOnStory } from '../../../services/feedback/verdicts.ts'
import { Book } from '../../../services/feedback/worker/book.ts'
import { takeFinding } from '../../../services/feedback/worker/take-finding.ts'
import { findDue, takeTime } from '../../../services/feedback/worker/take-time.ts'
import { takeVerdict } from '../../../services/feedback/worker/take-verdict.ts'
import { type Rules, Turn } from '../../../services/feedback/worker/turn.ts'
import type { OutRecord } from '../../../services/runtime/log/event-log.ts'
import { MORNING_MS, instant } from '../scoring/findings.ts'

/** The ledger without a log: the same turns, at a time that the test sets. */
export class Desk {
  now_ms = MORNING_MS
  readonly book: Book
  readonly rules: Rules
  readonly #closed = new Map<string, Story>()

  constructor(changes: Partial<Rules> & { min_count?: number; share?: number } = {}) {
    const { min_count = 10, share = 0.1, ...rules } = changes
    this.book = new Book({ min_count, share })
    this.rules = {
      parameters: DEFAULT_PARAMETERS,
      stories: { join_gap_ms: 3_600_000, quiet_ms: 21_600_000, max_age_ms: 86_400_000, max_open: 100 },
      page: { level: 'HIGH', act_on_import: false },
      max_entities: 1000,
      knownSubjects: () => 50,
      isBreakGlass: () => false,
      closedStory: (key) => this.#closed.get(key),
      ...rules,
    }
  }

  take(...findings: Finding[]): OutRecord[] {
    return this.#turn((turn) => {
      for (const finding of findings) takeFinding(turn, finding)
    })
  }

  say(...verdicts: Verdict[]): OutRecord[] {
    return this.#turn((turn) => {
      for (const verdict of verdicts) takeVerdict(turn, verdict)
    })
  }

  judge(story: Story, verdict: Verdict['verdict']): OutRecord[] {
    return this.say(
      ...verdictsOnStory(story, { verdict, note: '', analyst: 'bob', decided_at: instant(this.now_ms) }),
    )
  }

  /** Lets time go to `ms` and does what is due there. */
  wait(ms: number): OutRecord[] {
    this.now_ms = ms
    return this.#turn((turn) => takeTime(turn, findDue(this.book, this.rules, ms, 0)))
  }

  state(type: string, id: string, tenant = 'default'): RiskState | undefined {
    return this.book.states.get(`${tenant}/${type}/${id}`)
  }

  get open(): Story[] {
    return [...this.book.stories.values()]
  }

  get closed(): Story[] {
    return [...this.#closed.values()]
  }

  #turn(work: (turn: Turn) => void): OutRecord[] {
    const turn = new Turn(this.book, this.rules, this.now_ms)
    work(turn)
    const outputs = turn.outputs()
    for (const { topic, key, value } of outputs) {
      if (topic.name !== 'access.stories.v1' || typeof value !== 'string') continue
      const story: Story = JSON.parse(value)
      if (story.state === 'open') this.#closed.delete(key)
      else this.#closed.set(key, story)
    }
    return outputs
  }
}
