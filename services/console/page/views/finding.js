import { html } from 'htm/preact'
import { useEffect } from 'preact/hooks'
import { number, plain, words } from '../format.js'
import { useApi, useTitle } from '../hooks.js'
import { Level } from '../parts/badges.js'
import { Calibration } from '../parts/calibration.js'
import { CaseLink } from '../parts/case-link.js'
import { DecisionTable } from '../parts/decision-table.js'
import { EntityLink, EntityList, nameOf } from '../parts/entity.js'
import { EvidenceFigures } from '../parts/evidence.js'
import { gateWords } from '../parts/finding.js'
import { LookCloser } from '../parts/look-closer.js'
import { Empty, Failure, Loading, Notice } from '../parts/notice.js'
import { Time } from '../parts/time.js'
import { VerdictBar } from '../parts/verdict-bar.js'
import { withheldWords } from '../parts/withheld.js'
import { finding as findingBy, story as storyBy } from '../questions.js'
import { link } from '../route.js'

/** @typedef {import('../questions.js').FindingAccount} FindingAccount */
/** @typedef {import('../questions.js').Finding} Finding */

/** For so long after it was seen what belongs to a finding may still be on its way. */
const FRESH_MS = 600_000

/** One finding: what it says, by which figures, how rare that is, and what can be done. @param {{ route: import('../route.js').Route, tenant: string }} props */
export function FindingView({ route, tenant }) {
  const id = route.segments[1] ?? ''
  const loaded = useApi(findingBy(id, tenant), pauseOf)
  const { data } = loaded
  useStoryChanges(data?.stories[0], loaded.reload)
  useTitle(data?.finding.summary ?? 'Finding')
  if (!data) {
    if (loaded.error?.status === 404)
      return html`<section class="panel">
        <${Empty} title="No finding has this id.">
          <p class="mono">${id}</p>
          <p>
            Findings are kept for a year, each in its tenant. The newest are listed by${' '}
            <code>gatewatch findings</code>; <a href=${link(['stories'], { tenant })}>stories</a> hold them
            too.
          </p>
        <//>
      </section>`
    return loaded.error
      ? html`<${Failure} error=${loaded.error} retry=${loaded.reload} />`
      : html`<${Loading} what="the finding" />`
  }
  const { finding, stories, decisions, calibration, missing } = data
  const [story] = stories
  return html`<article class="stack">
    ${loaded.error && html`<${Failure} error=${loaded.error} retry=${loaded.reload} />`}
    <header class="stack tight">
      ${story && html`<a class="muted" href=${link(['stories', story.id], { tenant })}>Part of: ${plain(story.title)}</a>`}
      <h1>${plain(finding.summary)}</h1>
      <div class="row">
        <${Level} level=${finding.risk_level} />
        ${finding.closed_at && html`<span class="badge">over</span>`}
        ${finding.origin === 'import' && html`<span class="badge">imported history</span>`}
        <code class="muted">${finding.id}</code>
        <${CaseLink} of=${['finding', finding.id]} tenant=${tenant} />
      </div>
    </header>
    ${missing.map((sentence) => html`<${Notice} key=${sentence} tone="warn">${sentence}<//>`)}
    <div class="columns">
      <${Facts} finding=${finding} />
      <section class="panel pad stack tight">
        <h2>The figures</h2>
        <${EvidenceFigures} finding=${{ ...finding, evidence: ownFigures(finding) }} />
      </section>
    </div>
    <${Calibration} calibration=${calibration} finding=${finding} />
    <${Contributions} finding=${finding} />
    <${HeldDown} data=${data} />
    ${
      story &&
      html`<${VerdictBar} story=${story} changed=${loaded.reload} />
        <p class="muted">
          A verdict is on everything that belongs together:${' '}
          ${
            story.findings_total === 1
              ? 'this finding alone'
              : `the ${story.findings_total} findings of the story`
          }.
        </p>`
    }
    <section class="panel" aria-label="Decisions">
      <h2 class="pad-title">
        ${
          finding.decisions_total > decisions.length
            ? `${decisions.length} of the ${number(finding.decisions_total)} decisions that contributed`
            : 'Decisions that contributed'
        }
      </h2>
      ${
        decisions.length > 0
          ? html`<${DecisionTable} decisions=${decisions} tenant=${tenant} />`
          : html`<${Empty} title="None of them is stored.">
              ${
                finding.decisions_total === 0
                  ? 'What it is about is that decisions lack.'
                  : 'They may come within seconds, or be older than what the store keeps.'
              }
            <//>`
      }
    </section>
  </article>`
}

/**
 * Its account is read from log and store, so it is asked for again only while
 * something is missing that will come.
 *
 * @param {{ data?: FindingAccount | undefined, error?: import('../api.js').ApiError | undefined }} loaded
 */
function pauseOf({ data, error }) {
  if (error?.status === 404) return 30_000
  if (error || !data || data.missing.length > 0) return 5000
  const { finding, stories, decisions } = data
  const whole = stories.length > 0 && decisions.length >= Math.min(20, finding.decision_ids.length)
  return whole || Date.now() - Date.parse(finding.observed_at) > FRESH_MS ? 0 : 5000
}

/**
 * Whatever becomes of a finding (a newer revision, a verdict, its end) is a new
 * revision of its story, which feedback has in memory: that is asked often.
 *
 * @param {import('../questions.js').Story | undefined} story
 * @param {() => void} changed
 */
function useStoryChanges(story, changed) {
  const { data } = useApi(story ? storyBy(story.id, story.tenant) : null, ({ error }) =>
    error?.status === 404 ? 0 : 5000,
  )
  useEffect(() => {
    if (data && story && data.revision > story.revision) changed()
  }, [data?.revision])
}

/** Without those of all detectors together, which stand beside their threshold. @param {Finding} finding */
function ownFigures({ evidence }) {
  const { joint_nats: _told, joint_nats_of_a_finding: _needed, ...own } = evidence
  return own
}

/** @param {{ finding: Finding }} props */
function Facts({ finding }) {
  const { tenant, technique, detector } = finding
  return html`<section class="panel pad stack tight">
    <h2>What was found</h2>
    <dl class="facts">
      <dt>About</dt>
      <dd><${EntityLink} entity=${finding.entity} tenant=${tenant} /></dd>
      ${
        finding.entities.length > 0 &&
        html`<dt>Also touches</dt>
          <dd><${EntityList} entities=${finding.entities} tenant=${tenant} most=${8} /></dd>`
      }
      <dt>Detector</dt>
      <dd>
        ${detector.id}, version ${detector.version}${': '}
        <a href=${`runbooks/${encodeURIComponent(detector.id)}`} target="_blank" rel="noopener">what to do</a>
      </dd>
      <dt>Cause</dt>
      <dd>${finding.cause}</dd>
      <dt>Technique</dt>
      <dd>
        <a
          href=${`https://attack.mitre.org/techniques/${technique.replace('.', '/')}/`}
          target="_blank"
          rel="noopener noreferrer"
          >ATT&CK ${technique}</a
        >
      </dd>
      <dt>Began</dt>
      <dd><${Time} at=${finding.first_observed_at} relative=${true} /></dd>
      <dt>Last seen</dt>
      <dd><${Time} at=${finding.observed_at} relative=${true} /></dd>
      ${
        finding.closed_at &&
        html`<dt>Over</dt>
          <dd><${Time} at=${finding.closed_at} relative=${true} /></dd>`
      }
      <dt>Weight</dt>
      <dd class="figure">
        ${number(finding.evidence_nats)} of at most 6 nats of evidence, from a score of
        ${` ${number(finding.score)}`}
      </dd>
      <dt>Look closer</dt>
      <dd><${LookCloser} finding=${finding} /></dd>
    </dl>
  </section>`
}

/** @param {{ finding: Finding }} props */
function Contributions({ finding }) {
  const { contributions = [] } = finding
  if (contributions.length < 2) return null
  return html`<section class="panel pad stack tight">
    <h2>What each detector contributed</h2>
    <table class="pairs">
      <thead>
        <tr>
          <td></td>
          <th scope="col">Evidence</th>
          <th scope="col">Share</th>
          <th scope="col">Technique</th>
        </tr>
      </thead>
      <tbody>
        ${contributions.map(
          ({ detector, nats, share, technique }) =>
            html`<tr key=${detector}>
              <th scope="row">${words(detector.replaceAll('-', ' '))}</th>
              <td class="figure">${number(nats)} nats</td>
              <td class="figure">${number(Math.round(share * 100))} %</td>
              <td>${technique}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </section>`
}

/** What made the score smaller, and which restriction did not follow, each with its reason. @param {{ data: FindingAccount }} props */
function HeldDown({ data: { finding, risk } }) {
  const withheld = risk.filter((state) => state.withheld !== null)
  if (finding.gates.length === 0 && withheld.length === 0) return null
  return html`<section class="panel pad stack tight">
    <h2>What was held back, and why</h2>
    <ul class="sentences">
      ${finding.gates.map(
        ({ name, factor }) =>
          html`<li key=${name}>The score counted ${number(factor)} times: ${gateWords(name)}.</li>`,
      )}
      ${withheld.map(
        ({ entity, withheld: why }) =>
          html`<li key=${`${entity.type}/${entity.id}`}>
            ${nameOf(entity).kind} ${nameOf(entity).name}: ${withheldWords(why ?? '')}
          </li>`,
      )}
    </ul>
  </section>`
}
