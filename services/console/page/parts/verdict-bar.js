import { html } from 'htm/preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { post } from '../api.js'
import { fieldText } from '../form.js'
import { link } from '../route.js'
import { nameOf } from './entity.js'
import { Failure } from './notice.js'

/** @typedef {import('../../../../schemas/story.ts').Story} Story */
/** @typedef {import('../../../../schemas/verdict.ts').VerdictKind} VerdictKind */
/** @typedef {{ verdict: VerdictKind, name: string, question: string, effect: string, danger?: boolean }} Choice */

/** @type {Readonly<Record<VerdictKind, Choice>>} */
const choices = {
  confirm_compromised: {
    verdict: 'confirm_compromised',
    name: 'Confirm compromised',
    question: 'Was it really an attack?',
    effect:
      'Those named below are signed out at the next request, and their open connections are cut. Confirming safe afterwards lifts that.',
    danger: true,
  },
  confirm_safe: {
    verdict: 'confirm_safe',
    name: 'Confirm safe',
    question: 'Was it harmless?',
    effect:
      'Every restriction from this story ends at the next request, and the detectors learn that this is usual.',
  },
  dismiss: {
    verdict: 'dismiss',
    name: 'Dismiss',
    question: 'Close without a judgement?',
    effect: 'The story leaves the queue. Restrictions stay until they expire, and nothing is learnt.',
  },
}

/** What can be said of a story now; after a verdict only what undoes it. @param {Story} story @returns {VerdictKind[]} */
function possible(story) {
  if (story.verdict === 'confirm_compromised') return ['confirm_safe']
  if (story.verdict === 'confirm_safe') return ['confirm_compromised']
  return ['confirm_compromised', 'confirm_safe', 'dismiss']
}

/** @param {{ story: Story, changed: () => void }} props */
export function VerdictBar({ story, changed }) {
  const [asked, setAsked] = useState(/** @returns {Choice | undefined} */ () => undefined)
  const undo = story.verdict === 'confirm_compromised'
  return html`<section class="panel pad row verdict-bar" aria-label="Verdict">
    <p>${told(story)}</p>
    <div class="row">
      ${possible(story).map((kind) => {
        const choice = choices[kind]
        return html`<button
          key=${kind}
          type="button"
          class=${choice.danger && !story.verdict ? 'danger' : ''}
          onClick=${() => setAsked(choice)}
        >
          ${undo && kind === 'confirm_safe' ? 'Undo: confirm safe' : choice.name}
        </button>`
      })}
    </div>
    ${story.verdict && story.verdict !== 'dismiss' && html`<${Effect} story=${story} />`}
    ${asked && html`<${Confirmation} choice=${asked} story=${story} close=${() => setAsked(undefined)} changed=${changed} />`}
  </section>`
}

/** A verdict is right when its effect is: the next requests show it. @param {{ story: Story }} props */
function Effect({ story }) {
  const people = suspectsIn(story).filter(({ type }) => type === 'subject')
  if (people.length === 0) return null
  return html`<p class="muted">
    What is decided about them now:${' '}
    ${people
      .slice(0, 4)
      .map(
        (entity) =>
          html`<a
              key=${entity.id}
              href=${link(['live'], { subject: entity.id, tenant: story.tenant === 'default' ? undefined : story.tenant })}
              >live, ${nameOf(entity).name}</a
            >${' '}`,
      )}
  </p>`
}

/** @param {Story} story */
function told(story) {
  if (story.verdict === 'confirm_compromised') return 'Confirmed as compromised: those involved are revoked.'
  if (story.verdict === 'confirm_safe') return 'Confirmed as safe: the restrictions were lifted.'
  if (story.verdict === 'dismiss') return 'Dismissed without a judgement.'
  return story.state === 'open' ? 'Was it right to call this strange?' : 'Closed without a verdict.'
}

/** @param {{ choice: Choice, story: Story, close: () => void, changed: () => void }} props */
function Confirmation({ choice, story, close, changed }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null))
  const [error, setError] = useState(/** @returns {Error | undefined} */ () => undefined)
  const [busy, setBusy] = useState(false)
  useEffect(() => dialog.current?.showModal(), [])

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault()
    const note = fieldText(event, 'note')
    setBusy(true)
    try {
      await post(`stories/${encodeURIComponent(story.id)}/verdict`, { verdict: choice.verdict, note })
      changed()
      close()
    } catch (failed) {
      setError(failed instanceof Error ? failed : new Error(String(failed)))
      setBusy(false)
    }
  }

  return html`<dialog ref=${dialog} onClose=${close} aria-labelledby="verdict-question">
    <form onSubmit=${submit}>
      <h2 id="verdict-question">${choice.question}</h2>
      <p>${choice.effect}</p>
      ${choice.danger && html`<p><strong>${suspectsOf(story)}</strong></p>`}
      <label>
        Note for whoever reads this later (optional)
        <textarea name="note" maxlength="2000" autofocus></textarea>
      </label>
      ${error && html`<${Failure} error=${error} />`}
      <div class="row end">
        <button type="button" onClick=${close}>Cancel</button>
        <button type="submit" class=${choice.danger ? 'danger' : 'primary'} disabled=${busy}>
          ${choice.name}
        </button>
      </div>
    </form>
  </dialog>`
}

/** On whom a verdict of compromise acts: those whose risk the story raised, not whom it only touched. @param {Story} story */
function suspectsIn(story) {
  return story.suspects?.length ? story.suspects : story.entities.slice(0, 1)
}

/** @param {Story} story */
function suspectsOf(story) {
  const names = suspectsIn(story).map((entity) => `${nameOf(entity).kind} ${nameOf(entity).name}`)
  return names.length > 12
    ? `${names.slice(0, 12).join(', ')} and ${names.length - 12} more`
    : names.join(', ')
}
