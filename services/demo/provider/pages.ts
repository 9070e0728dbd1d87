/** The provider's pages: plain forms without a script. Everything that comes from outside is escaped. */

export function signInPage(options: {
  uid: string
  hint: string
  failed: boolean
  guest: string
  guestPassword: string
}): string {
  const { uid, hint, failed, guest, guestPassword } = options
  return page(
    'Sign in',
    `${failed ? '<p class="bad">That name and password do not belong together.</p>' : ''}
    <form method="post" action="/interaction/${escapeHtml(uid)}/password" autocomplete="off">
      <label>Account <input name="account" value="${escapeHtml(hint)}" required maxlength="64" autocomplete="username" autofocus></label>
      <label>Password <input name="password" type="password" required maxlength="128" autocomplete="current-password"></label>
      <button>Sign in</button>
    </form>
    <p class="hint">To look around, sign in as <b>${escapeHtml(guest)}</b> with the password <code>${escapeHtml(guestPassword)}</code>.</p>`,
  )
}

export function securityKeyPage(options: { uid: string; account: string }): string {
  return page(
    'Confirm with your security key',
    `<p>The application asks for proof that it is really you, <b>${escapeHtml(options.account)}</b>.</p>
    <form method="post" action="/interaction/${escapeHtml(options.uid)}/security-key">
      <button>Touch the simulated security key</button>
    </form>
    <p class="hint">This page belongs to the demo: a real provider would ask your browser for a passkey here (WebAuthn).</p>`,
  )
}

export function messagePage(title: string, text: string): string {
  return page(title, `<p>${escapeHtml(text)}</p>`)
}

export function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  }
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character)
}

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)} - demo identity provider</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 24rem; margin: 12vh auto; padding: 0 1rem; color: #1d2430; background: #f6f7f9 }
  main { background: #fff; border: 1px solid #d9dee6; border-radius: 8px; padding: 1.5rem }
  label { display: block; margin: 0 0 1rem } input { display: block; width: 100%; box-sizing: border-box; font: inherit; padding: .5rem; border: 1px solid #aab3c0; border-radius: 4px }
  button { font: inherit; padding: .5rem 1rem; border: 0; border-radius: 4px; background: #1f5fbf; color: #fff; cursor: pointer }
  .bad { color: #b3261e } .hint { color: #556072; font-size: 14px }
</style>
<main><h1>${escapeHtml(title)}</h1>${body}</main></html>`
}
