import { html } from 'htm/preact'
import { namedColour } from '../colours.js'
import { momentText } from '../format.js'
import { Swatch } from './swatch.js'

/** @typedef {import('../../dashboards/ask-annotations.ts').Happening} Happening */

/** What the dashed lines on the charts are, counted, and told one by one when opened; not counted before the answer is there. @param {{ kinds: readonly { name: string, colour: string }[], happenings: readonly Happening[] | undefined, error: Error | undefined }} props */
export function Happenings({ kinds, happenings, error }) {
  const state = happenings === undefined && error === undefined ? 'loading' : 'ready'
  return html`<details class="happenings" data-state=${state}>
    <summary>
      ${kinds.map(
        ({ name, colour }) =>
          html`<span key=${name}>
            <${Swatch}
              colour=${namedColour(colour) ?? 'var(--muted)'}
            />${`${name}: ${happenings?.filter((each) => each.name === name).length ?? '…'}`}
          </span>`,
      )}
    </summary>
    ${error && html`<p class="muted" role="alert">${error.message}</p>`}
    ${happenings?.length === 0 && html`<p class="muted">None in this time range.</p>`}
    <ul>
      ${happenings?.map(
        ({ name, at_s, title, text, link }, i) =>
          html`<li key=${i}>
            <time class="figure" datetime=${new Date(at_s * 1000).toISOString()}
              >${momentText(at_s * 1000, 1)}</time
            >
            ${' '}<span class="muted">${name}:</span>${' '}
            ${link === undefined ? title || text : html`<a href=${link}>${title || text}</a>`}
          </li>`,
      )}
    </ul>
  </details>`
}
