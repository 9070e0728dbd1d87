import { html } from 'htm/preact'
import { plain } from '../format.js'
import { useApi, useNow, useTitle } from '../hooks.js'
import { Level, VerdictBadge } from '../parts/badges.js'
import { CaseLink } from '../parts/case-link.js'
import { DecisionTable } from '../parts/decision-table.js'
import { nameOf } from '../parts/entity.js'
import { Empty, Failure, Loading, Notice } from '../parts/notice.js'
import { RiskChart } from '../parts/risk-chart.js'
import { Time } from '../parts/time.js'
import { withheldWords } from '../parts/withheld.js'
import { timeline } from '../questions.js'
import { link, replaceQuery } from '../route.js'

/** @typedef {import('../../timeline.ts').Timeline} Timeline */

/** The longer the time, the dearer the question, and the less a moment changes. */
const spans = [
  { name: '1 h', ms: 3_600_000, everyMs: 5000 },
  { name: '24 h', ms: 86_400_000, everyMs: 15_000 },
  { name: '7 d', ms: 7 * 86_400_000, everyMs: 60_000 },
  { name: '30 d', ms: 30 * 86_400_000, everyMs: 60_000 },
]

/** One person, session, device or network over time. @param {{ route: import('../route.js').Route, tenant: string }} props */
export function EntityView({ route, tenant }) {
  const [, type = '', id = ''] = route.segments
  const { kind, name } = nameOf({ type, id })
  useTitle(name)
  const now = useNow(10_000)
  const span = spans.find((one) => one.name === route.query.get('span'))
  const fixed = route.query.has('from')
  const range = fixed
    ? { from: route.query.get('from'), to: route.query.get('to') }
    : { span_ms: (span ?? spans[0])?.ms }
  const loaded = useApi(timeline(type, id, { tenant, ...range }), fixed ? 0 : (span ?? spans[0])?.everyMs)
  const { data } = loaded

  return html`<article class="stack">
    <header class="row spread">
      <div class="stack tight">
        <span class="muted">${kind}</span>
        <h1>${name}</h1>
        <${CaseLink} of=${['entity', type, id]} tenant=${tenant} range=${fixed ? range : {}} />
      </div>
      <div class="toggle" role="group" aria-label="Time range">
        ${spans.map(
          (one) =>
            html`<button
              key=${one.name}
              type="button"
              aria-pressed=${!fixed && one === (span ?? spans[0])}
              onClick=${() => replaceQuery(route, { span: one.name, from: undefined, to: undefined })}
            >
              ${one.name}
            </button>`,
        )}
      </div>
    </header>
    ${loaded.error && html`<${Failure} error=${loaded.error} retry=${loaded.reload} />`}
    ${!data && !loaded.error && html`<${Loading} what="the timeline" />`}
    ${data && html`<${Timeline} data=${data} tenant=${tenant} now=${now} />`}
  </article>`
}

/** @param {{ data: Timeline, tenant: string, now: number }} props */
function Timeline({ data, tenant, now }) {
  const newest = data.risk.at(-1)
  if (data.erased_before)
    return html`<section class="panel">
      <${Empty} title="Erased on request.">
        <p>
          What happened until <${Time} at=${data.erased_before} /> is kept without the person, and nothing of
          it stands under this name. What was decided can be asked for by the id of a finding, story or
          decision.
        </p>
      <//>
    </section>`
  return html`
    ${newest && html`<${RiskNow} state=${newest} now=${now} />`}
    <figure class="panel pad chart">
      <figcaption class="row spread">
        <h2>Risk and decisions</h2>
        <span class="legend">
          <span><i data-kind="risk"></i>risk score</span>
          <span><i data-kind="finding"></i>finding</span>
          <span><i data-kind="verdict"></i>verdict</span>
          <span><i data-kind="good"></i>permitted</span>
          <span><i data-kind="warn"></i>step up</span>
          <span><i data-kind="bad"></i>refused</span>
        </span>
      </figcaption>
      <${RiskChart} timeline=${data} />
    </figure>
    <section class="panel" aria-label="What happened">
      <h2 class="pad-title">What happened</h2>
      <${Happenings} data=${data} tenant=${tenant} />
    </section>
    <section class="panel" aria-label="Decisions">
      <h2 class="pad-title">Latest decisions</h2>
      ${
        data.decisions.latest.length > 0
          ? html`<${DecisionTable} decisions=${data.decisions.latest} tenant=${tenant} />`
          : html`<${Empty} title="No decision in this time.">Choose a longer range above.<//>`
      }
    </section>
  `
}

/** @param {{ state: Timeline['risk'][number], now: number }} props */
function RiskNow({ state, now }) {
  const over = state.expires_at !== null && Date.parse(state.expires_at) <= now
  return html`<section class="panel pad row" aria-label="Risk at the last change">
    <${Level} level=${state.level} score=${state.score} />
    ${state.required_action === 'revoke' && html`<span class="badge" data-tone="grave">sessions revoked</span>`}
    <span>
      since <${Time} at=${state.at} relative=${true} />${
        state.causes.length > 0 ? `, because of ${state.causes.join(' and ')}` : ''
      }
    </span>
    ${
      state.expires_at &&
      html`<span class="row muted">
        <span>${over ? 'the restriction ended' : 'restricted until'}</span>
        <${Time} at=${state.expires_at} relative=${true} />
      </span>`
    }
    ${state.withheld && html`<${Notice} tone="warn">${withheldWords(state.withheld)}<//>`}
  </section>`
}

/** Findings, verdicts and changes of level in one list, newest first. @param {{ data: Timeline, tenant: string }} props */
function Happenings({ data, tenant }) {
  const lines = [
    ...data.findings.map((finding) => ({
      at: finding.observed_at,
      key: `finding ${finding.id}`,
      mark: html`<${Level} level=${finding.risk_level} />`,
      text: html`${plain(finding.summary)} <span class="muted">${finding.detector_id}</span>`,
      to: link(['findings', finding.id], { tenant }),
    })),
    ...data.verdicts.map((verdict) => ({
      at: verdict.decided_at,
      key: `verdict ${verdict.id}`,
      mark: html`<${VerdictBadge} verdict=${verdict.verdict} />`,
      text: verdictText(verdict),
      to: verdict.story_id && link(['stories', verdict.story_id], { tenant }),
    })),
    ...levelChanges(data).map((state) => ({
      at: state.at,
      key: `risk ${state.revision}`,
      mark: html`<${Level} level=${state.level} score=${state.score} />`,
      text: html`Risk is ${state.level} from here on`,
      to: null,
    })),
  ].sort((a, b) => (a.at < b.at ? 1 : -1))
  if (lines.length === 0)
    return html`<${Empty} title="Nothing strange in this time."
      >Findings, verdicts and changes of risk stand here.<//
    >`
  return html`<ol class="happenings">
    ${lines.slice(0, 100).map(
      ({ at, key, mark, text, to }) =>
        html`<li key=${key}>
          <${Time} at=${at} />
          <span>${mark}</span>
          <span class="grow">${text}</span>
          ${to ? html`<a href=${to}>look</a>` : html`<span></span>`}
        </li>`,
    )}
  </ol>`
}

/** @param {Timeline['verdicts'][number]} verdict */
function verdictText({ analyst, note }) {
  return `Verdict of ${analyst}${note ? `: ${plain(note.replaceAll('\n', ' '))}` : ''}`
}

/** @param {Timeline} data */
function levelChanges({ risk }) {
  return risk.filter((state, i) => i > 0 && state.level !== risk[i - 1]?.level)
}
