import { html } from 'htm/preact'
import { number, plain, words } from '../format.js'
import { useApi, useTitle } from '../hooks.js'
import { Level, Outcome, Response } from '../parts/badges.js'
import { CaseLink } from '../parts/case-link.js'
import { FindingCard } from '../parts/finding.js'
import { Empty, Failure, Loading, Notice } from '../parts/notice.js'
import { RequestFacts } from '../parts/request-facts.js'
import { Time } from '../parts/time.js'
import { decision as decisionBy } from '../questions.js'
import { link } from '../route.js'

/** @typedef {import('../../explanation.ts').Explanation} Explanation */

/** Why was it decided so? @param {{ route: import('../route.js').Route, tenant: string }} props */
export function DecisionView({ route }) {
  const id = route.segments[1] ?? ''
  const loaded = useApi(decisionBy(id))
  const { data } = loaded
  useTitle(`Decision ${id}`)
  if (!data) {
    if (loaded.error?.status === 404) {
      return html`<section class="panel">
        <${Empty} title="No decision has this id.">
          <p class="mono">${id}</p>
          <p>
            Copy the whole id from the refusal page. Decisions are kept for as long as the store keeps them.
          </p>
          <p><a href=${link(['search'])}>Search by person or address</a> instead.</p>
        <//>
      </section>`
    }
    return loaded.error
      ? html`<${Failure} error=${loaded.error} retry=${loaded.reload} />`
      : html`<${Loading} what="the decision" />`
  }
  const { decision } = data
  return html`<article class="stack">
    <header class="stack tight">
      <h1>${plain(data.headline)}</h1>
      <div class="row">
        <${Outcome} outcome=${decision.outcome} wouldBe=${decision.would_be} />
        <span class="muted"><${Time} at=${decision.decided_at} relative=${true} /></span>
        <code class="muted">${decision.id}</code>
        <${CaseLink} of=${['decision', decision.id]} tenant=${decision.tenant} />
      </div>
    </header>
    <div class="columns">
      <section class="panel pad stack tight">
        <h2>Why</h2>
        <ul class="sentences">
          ${data.why.map((sentence) => html`<li key=${sentence}>${plain(sentence)}</li>`)}
        </ul>
        ${
          data.help.length > 0 &&
          html`<h2>What would help</h2>
            <ul class="sentences">
              ${data.help.map((sentence) => html`<li key=${sentence}>${plain(sentence)}</li>`)}
            </ul>`
        }
      </section>
      <section class="panel pad stack tight">
        <h2>The request</h2>
        <${RequestFacts} decision=${decision} />
      </section>
    </div>
    ${data.missing.map((sentence) => html`<${Notice} key=${sentence} tone="warn">${sentence}<//>`)}
    <${Scores} scores=${decision.scores} />
    <${Stories} stories=${data.stories} />
    <${Findings} title="What had raised the risk" findings=${data.risk_findings} />
    <${Findings} title="Findings that rest on this decision" findings=${data.findings} />
  </article>`
}

/** @param {{ title: string, findings: Explanation['findings'] }} props */
function Findings({ title, findings }) {
  if (findings.length === 0) return null
  return html`<section class="stack" aria-label=${title}>
    <h2>${title}</h2>
    ${findings.map((finding) => html`<${FindingCard} key=${finding.id} finding=${finding} />`)}
  </section>`
}

/** @param {{ scores: Readonly<Record<string, number>> }} props */
function Scores({ scores }) {
  const rows = Object.entries(scores)
    .filter(([, score]) => score > 0)
    .sort((a, b) => b[1] - a[1])
  if (rows.length === 0) return null
  return html`<section class="panel pad stack tight">
    <h2>How strange each detector found it</h2>
    <p class="muted">Each on its own scale; what crosses its threshold becomes a finding.</p>
    <dl class="facts">
      ${rows.map(
        ([id, score]) =>
          html`<dt key=${id}>${words(id.replaceAll('-', ' '))}</dt>
            <dd class="figure">${number(score)}</dd>`,
      )}
    </dl>
  </section>`
}

/** @param {{ stories: Explanation['stories'] }} props */
function Stories({ stories }) {
  if (stories.length === 0) return null
  return html`<section class="stack tight" aria-label="Stories">
    <h2>Part of</h2>
    <ol class="panel stories">
      ${stories.map(
        (story) =>
          html`<li key=${story.id} data-level=${story.risk_level}>
            <div class="row">
              <${Level} level=${story.risk_level} />
              <a class="title" href=${link(['stories', story.id], { tenant: story.tenant })}
                >${plain(story.title)}</a
              >
              <${Response} response=${story.response} />
            </div>
          </li>`,
      )}
    </ol>
  </section>`
}
