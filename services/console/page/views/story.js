import { html } from 'htm/preact'
import { plain } from '../format.js'
import { useApi, useTitle } from '../hooks.js'
import { Level, Response, VerdictBadge } from '../parts/badges.js'
import { CaseLink } from '../parts/case-link.js'
import { EntityList } from '../parts/entity.js'
import { FindingCard } from '../parts/finding.js'
import { Empty, Failure, Loading, Notice } from '../parts/notice.js'
import { Time } from '../parts/time.js'
import { VerdictBar } from '../parts/verdict-bar.js'
import { story as storyBy } from '../questions.js'
import { link } from '../route.js'

/** Findings that are unfolded at first; a long story is read by its sentences. */
const OPEN = 3

/** One happening: what was found, why, what was done, and the analyst's verdict. @param {{ route: import('../route.js').Route, tenant: string }} props */
export function StoryView({ route, tenant: asked }) {
  const id = route.segments[1] ?? ''
  const loaded = useApi(storyBy(id, asked), 3000)
  const { data } = loaded
  useTitle(data?.title ?? 'Story')

  if (!data) {
    if (loaded.error?.status === 404)
      return html`<section class="panel">
        <${Empty} title="There is no such story.">
          <p>It may be another tenant's. <a href=${link(['stories'], { tenant: asked })}>All stories</a></p>
        <//>
      </section>`
    return loaded.error
      ? html`<${Failure} error=${loaded.error} retry=${loaded.reload} />`
      : html`<${Loading} what="the story" />`
  }
  const { findings, ...story } = data
  const tenant = story.tenant
  return html`<article class="stack">
    ${loaded.error && html`<${Failure} error=${loaded.error} retry=${loaded.reload} />`}
    <header class="stack tight">
      <a class="muted" href=${link(['stories'], { tenant: asked === 'default' ? undefined : asked })}
        >All stories</a
      >
      <h1>${plain(story.title)}</h1>
      <div class="row">
        <${Level} level=${story.risk_level} />
        <span class="badge">${story.state}</span>
        <${Response} response=${story.response} />
        ${story.verdict && html`<${VerdictBadge} verdict=${story.verdict} />`}
        ${story.origin === 'import' && html`<span class="badge">imported history</span>`}
        <${CaseLink} of=${['story', story.id]} tenant=${tenant} />
      </div>
    </header>
    ${
      story.state === 'merged' &&
      story.merged_into &&
      html`<${Notice}>
        This story became part of <a href=${link(['stories', story.merged_into], { tenant })}>another one</a>.
      <//>`
    }
    <section class="panel pad">
      <dl class="facts">
        <dt>Who and what</dt>
        <dd>
          <${EntityList}
            entities=${story.entities}
            total=${story.entities_total}
            tenant=${tenant}
            most=${12}
          />
        </dd>
        <dt>Began</dt>
        <dd><${Time} at=${story.opened_at} relative=${true} /></dd>
        <dt>Last seen</dt>
        <dd><${Time} at=${story.observed_at} relative=${true} /></dd>
        ${
          story.closed_at &&
          html`<dt>Closed</dt>
            <dd><${Time} at=${story.closed_at} relative=${true} /></dd>`
        }
        <dt>Independent causes</dt>
        <dd>${story.causes.join(', ')}</dd>
      </dl>
    </section>
    ${story.state !== 'merged' && html`<${VerdictBar} story=${story} changed=${loaded.reload} />`}
    <section class="stack" aria-label="Findings">
      <h2>${findings.length === 1 ? 'One finding' : `${findings.length} findings`}</h2>
      ${findings.map((finding, i) => html`<${FindingCard} key=${finding.id} finding=${finding} open=${i < OPEN} />`)}
      ${
        story.findings_total > findings.length &&
        html`<p class="muted">
          ${story.findings_total - findings.length} more are in the store: gatewatch findings.
        </p>`
      }
    </section>
  </article>`
}
