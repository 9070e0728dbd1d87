import { html } from 'htm/preact'

/** @typedef {'good' | 'warn' | 'bad' | 'grave' | 'quiet'} Tone */

/** Colour never stands alone: the word says the same. @type {Readonly<Record<string, { text: string, tone: Tone }>>} */
const outcomes = {
  permit: { text: 'permit', tone: 'good' },
  step_up: { text: 'step up', tone: 'warn' },
  deny: { text: 'deny', tone: 'bad' },
  revoke: { text: 'revoke', tone: 'grave' },
  error_closed: { text: 'error, closed', tone: 'quiet' },
  error_open: { text: 'error, open', tone: 'warn' },
}

/** @type {Readonly<Record<string, Tone>>} */
const levels = { LOW: 'quiet', MEDIUM: 'warn', HIGH: 'bad' }

/** @type {Readonly<Record<string, { text: string, tone: Tone }>>} */
const responses = {
  none: { text: 'no restriction', tone: 'quiet' },
  raise_risk: { text: 'risk raised', tone: 'warn' },
  revoke: { text: 'revoked', tone: 'grave' },
}

/** @type {Readonly<Record<string, { text: string, tone: Tone }>>} */
const verdicts = {
  confirm_compromised: { text: 'compromised', tone: 'bad' },
  confirm_safe: { text: 'safe', tone: 'good' },
  dismiss: { text: 'dismissed', tone: 'quiet' },
}

/** @param {{ outcome: string, wouldBe?: string | undefined }} props */
export function Outcome({ outcome, wouldBe }) {
  const { text, tone } = outcomes[outcome] ?? { text: outcome, tone: 'quiet' }
  const other = wouldBe && wouldBe !== outcome ? outcomes[wouldBe] : undefined
  return html`<span class="badge" data-tone=${tone}>${text}</span>${
      other &&
      html` <span
        class="badge"
        data-tone=${other.tone}
        data-ghost
        title="The route observes: enforced, it would have been this"
      >
        would be ${other.text}
      </span>`
    }`
}

/** `calm`: a low risk is a plain number, so that a table of many rows stays quiet. @param {{ level: string, score?: number | undefined, calm?: boolean }} props */
export function Level({ level, score, calm = false }) {
  if (calm && level === 'LOW' && score !== undefined)
    return html`<span class="muted figure" title="LOW">${Math.round(score)}</span>`
  return html`<span class="badge" data-tone=${levels[level] ?? 'quiet'}>
    ${level}${score === undefined ? '' : ` ${Math.round(score)}`}
  </span>`
}

/** @param {{ response: string }} props */
export function Response({ response }) {
  const { text, tone } = responses[response] ?? { text: response, tone: 'quiet' }
  return html`<span class="badge" data-tone=${tone}>${text}</span>`
}

/** @param {{ verdict: string }} props */
export function VerdictBadge({ verdict }) {
  const { text, tone } = verdicts[verdict] ?? { text: verdict, tone: 'quiet' }
  return html`<span class="badge" data-tone=${tone}>${text}</span>`
}
