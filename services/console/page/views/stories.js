import { html } from 'htm/preact'
import { plain } from '../format.js'
import { useApi, useTitle } from '../hooks.js'
import { Level, Response, VerdictBadge } from '../parts/badges.js'
import { EntityList } from '../parts/entity.js'
import { Empty, Failure, Loading } from '../parts/notice.js'
import { Time } from '../parts/time.js'
import { stories as storiesBy } from '../questions.js'
import { link, replaceQuery } from '../route.js'

/** @typedef {import('../../../../schemas/story.ts').Story} Story */

const states = ['open', 'closed']

/** The queue: what wants judging, gravest first. @param {{ route: import('../route.js').Route, tenant: string }} props */
export function StoriesView({ route, tenant }) {
  useTitle('Stories')
  const state = route.query.get('state') ?? 'open'
  const loaded = useApi(storiesBy({ tenant, state, limit: 100 }), 3000)
  const stories = loaded.data && inOrder(loaded.data.stories, state)

  return html`<div class="stack">
    <div class="row spread">
      <h1>Stories</h1>
      <div class="toggle" role="group" aria-label="State">
        ${states.map(
          (name) =>
            html`<button
              key=${name}
              type="button"
              aria-pressed=${state === name}
              onClick=${() => replaceQuery(route, { state: name === 'open' ? undefined : name })}
            >
              ${name === 'open' ? 'Open' : 'Closed'}
            </button>`,
        )}
      </div>
    </div>
    ${loaded.error && html`<${Failure} error=${loaded.error} retry=${loaded.reload} />`}
    <section class="panel" aria-label="Stories">
      ${
        stories && stories.length > 0
          ? html`<ol class="stories">
              ${stories.map((story) => html`<${StoryLine} key=${story.id} story=${story} tenant=${tenant} />`)}
            </ol>`
          : stories
            ? html`<${Nothing} state=${state} />`
            : !loaded.error && html`<${Loading} what="stories" />`
      }
    </section>
  </div>`
}

/** @param {{ story: Story, tenant: string }} props */
function StoryLine({ story, tenant }) {
  return html`<li data-level=${story.risk_level}>
    <div class="row">
      <${Level} level=${story.risk_level} />
      <a class="title" href=${link(['stories', story.id], { tenant })}>${plain(story.title)}</a>
    </div>
    <div class="row muted">
      <${EntityList} entities=${story.entities} total=${story.entities_total} tenant=${tenant} most=${3} />
      <span>${story.findings_total === 1 ? '1 finding' : `${story.findings_total} findings`}</span>
      <${Time} at=${story.observed_at} relative="only" />
      <${Response} response=${story.response} />
      ${story.verdict && html`<${VerdictBadge} verdict=${story.verdict} />`}
    </div>
  </li>`
}

/** @param {{ state: string }} props */
function Nothing({ state }) {
  return state === 'open'
    ? html`<${Empty} title="Nothing to judge.">
        When detectors find something strange, it is here within a second. Closed stories are behind the
        button above.
      <//>`
    : html`<${Empty} title="No closed story yet."
        >A story closes with a verdict, or when it has been quiet for long.<//
      >`
}

const gravity = { HIGH: 2, MEDIUM: 1, LOW: 0 }

/** Open ones gravest first, closed ones newest first. @param {readonly Story[]} stories @param {string} state */
function inOrder(stories, state) {
  const byTime = [...stories].sort((a, b) => (a.observed_at < b.observed_at ? 1 : -1))
  return state === 'open' ? byTime.sort((a, b) => gravity[b.risk_level] - gravity[a.risk_level]) : byTime
}
