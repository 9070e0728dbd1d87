import { StoryAccount, isSourceRule } from '../narrator/account.ts'
import type { Observer } from '../narrator/observer.ts'
import type { Terminal } from '../narrator/terminal.ts'
import { heading, labelled, outcomeInWords } from '../narrator/wording.ts'
import { isWorking, whereabouts } from '../people/day.ts'
import type { Scene, StoryScript } from './story.ts'
import { pause } from './story.ts'

export type SceneSetting = Omit<Scene, 'changed' | 'hasChanged' | 'hasRevoked' | 'streamCut'>

/** Lines for findings in one story; all of them are in the console. */
const MOST_FINDINGS = 5

/** Runs one story, and tells in the terminal what the topics say of it. Resolves to whether an outcome changed. */
export async function tell(
  story: StoryScript,
  setting: SceneSetting,
  tools: { readonly observer: Observer; readonly terminal: Terminal; readonly console_url: string },
): Promise<boolean> {
  const { observer, terminal, console_url } = tools
  const { victim, bystander, attacker, signal } = setting
  const changes = new Set<() => void>()
  let streamCutMs: number | null = null
  let told = 0

  const account = new StoryAccount(
    { subject: story.account ?? victim.person.id, source: attacker.cidr, about: story.about },
    bystander.person.id,
    observer.decidedMs,
    (event) => {
      if (event === 'changed') for (const resolve of changes) resolve()
      const latest = account.findings.at(-1)
      if (event !== 'finding' || !latest || told >= MOST_FINDINGS) return
      told += 1
      const { finding, after_ms } = latest
      terminal.line(
        labelled(
          'found',
          `${finding.summary} (${finding.detector.id}, ${finding.risk_level}, ${after_ms} ms after the decision)`,
        ),
      )
    },
  )
  const unwatch = observer.watch(account)
  const now = Date.now()
  terminal.line('')
  terminal.line(heading(new Date(now), story.title))
  const place = whereabouts(victim.person, now).place
  const { id, role, site } = victim.person
  const who = `${id}, ${role} in ${site.name}, ${isWorking(victim.person, now) ? `working (${place})` : 'off work'}`
  terminal.line(labelled('who', story.account === undefined ? who : `the account ${story.account}`))
  terminal.line(labelled('what', story.what({ victim, attacker })))
  const ownWork = keepWorking(setting)
  try {
    await story.run({
      ...setting,
      hasChanged: () => account.changed !== null,
      hasRevoked: () => account.revoked !== null,
      streamCut: (atMs) => {
        streamCutMs ??= atMs
      },
      changed: (ms) => waitForChange(account, changes, ms, signal),
    })
    await ownWork()
    await pause(500, signal)
  } finally {
    await ownWork()
    unwatch()
  }
  if (signal.aborted) return false
  sayWhatChanged(account, streamCutMs, { terminal, unchanged: story.unchanged ?? UNCHANGED })
  const { requests, touched } = account.bystander
  const how = touched === 0 ? 'none of them touched' : `${touched} of them touched by risk`
  terminal.line(
    labelled(
      'others',
      `${bystander.person.id}, also in ${bystander.person.site.name}: ${requests} requests meanwhile, ${how}`,
    ),
  )
  const look = account.changed?.id ?? account.findings[0]?.finding.decision_ids.at(-1)
  if (look !== undefined) terminal.line(labelled('look', `${console_url}/#/decisions/${look}`))
  return account.changed !== null
}

const UNCHANGED = 'changed no outcome'

function sayWhatChanged(
  account: StoryAccount,
  streamCutMs: number | null,
  { terminal, unchanged }: { readonly terminal: Terminal; readonly unchanged: string },
): void {
  const outcomes = account.outcomes()
  for (const { decision, after_ms } of outcomes) {
    const score = decision.risk_at_decision
    const risk = isSourceRule(decision)
      ? ', the network is at risk HIGH'
      : score
        ? `, risk ${Math.round(score.score)} ${score.level}`
        : ''
    const when = after_ms === null ? '' : `, ${after_ms} ms after the decision that gave it away`
    terminal.line(labelled('gateway', `${outcomeInWords(decision)}${when} (${decision.outcome}${risk})`))
  }
  const first = outcomes[0]
  if (first && streamCutMs !== null) {
    const ms = streamCutMs - Date.parse(first.decision.decided_at)
    const when = ms < 0 ? `${-ms} ms before that` : `${ms} ms after that`
    terminal.line(labelled('', `the live stream that ${first.decision.subject.id} had open was cut ${when}`))
  }
  if (outcomes.length > 0) return
  if (account.findings.length === 0) terminal.line(labelled('found', 'nothing, this time'))
  if (account.findings.length > 0 || unchanged !== UNCHANGED) terminal.line(labelled('gateway', unchanged))
}

/** So seldom that a person who is a bystander again and again still does no more than they ever did. */
const BYSTANDER_PAUSE_MS = 2000

/** The bystander goes on working while the attack runs; returns what ends it, which may be called twice. */
function keepWorking({ bystander, signal }: SceneSetting): () => Promise<void> {
  const ended = new AbortController()
  const work = (async () => {
    while (!ended.signal.aborted && !signal.aborted) {
      if (!bystander.busy()) await bystander.act(Date.now()).catch(() => 0)
      await pause(BYSTANDER_PAUSE_MS, AbortSignal.any([signal, ended.signal]))
    }
  })()
  return async () => {
    ended.abort()
    await work
  }
}

function waitForChange(
  account: StoryAccount,
  changes: Set<() => void>,
  ms: number,
  signal: AbortSignal,
): Promise<boolean> {
  if (account.changed) return Promise.resolve(true)
  return new Promise((resolve) => {
    const done = (): void => {
      changes.delete(done)
      resolve(account.changed !== null)
    }
    changes.add(done)
    void (async () => {
      await pause(ms, signal)
      done()
    })()
  })
}
