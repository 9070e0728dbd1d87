import { html } from 'htm/preact'
import { useState } from 'preact/hooks'
import { fieldText } from '../form.js'
import { useTitle } from '../hooks.js'
import { Failure } from '../parts/notice.js'

/** @param {{ error?: Error | undefined, signIn: (token: string) => Promise<void> }} props */
export function LoginView({ error: before, signIn }) {
  const [error, setError] = useState(before)
  const [busy, setBusy] = useState(false)
  useTitle('Sign in')

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault()
    const token = fieldText(event, 'token')
    if (!token) return
    setBusy(true)
    try {
      await signIn(token)
    } catch (failed) {
      setError(failed instanceof Error ? failed : new Error(String(failed)))
      setBusy(false)
    }
  }

  return html`<main class="login stack">
    <h1 class="brand"><img src="assets/icon.svg" alt="" />Gatewatch</h1>
    ${error && html`<${Failure} error=${error} />`}
    <form class="panel" onSubmit=${submit}>
      <label>
        Analyst token
        <input
          name="token"
          type="password"
          autocomplete="current-password"
          maxlength="200"
          required
          autofocus
        />
      </label>
      <button class="primary" type="submit" disabled=${busy}>${busy ? 'Signing in …' : 'Sign in'}</button>
      <p class="muted">
        gatewatch up prints a link that signs you in. No token at hand? On the machine that runs
        Gatewatch:${' '}
        <code>gatewatch token create --scope analyst</code>
      </p>
    </form>
  </main>`
}
