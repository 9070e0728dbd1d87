import type { Answer } from '../proxy/respond.ts'
import { escape, PAGE_HEADERS } from './page.ts'

/** A redirect that nobody keeps. */
export function redirect(location: string, cookies: readonly string[] = []): Answer {
  return {
    status: 302,
    headers: {
      location,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'set-cookie': [...cookies],
    },
    body: '',
  }
}

export interface NoticeForm {
  /** Path that a button posts to. */
  readonly action: string
  readonly button: string
}

/** A page of a title and a sentence, for what happens while signing in and out. */
export function noticePage(
  status: number,
  title: string,
  text: string,
  cookies: readonly string[] = [],
  form?: NoticeForm,
): Answer {
  const headers = form
    ? {
        ...PAGE_HEADERS,
        'content-security-policy': PAGE_HEADERS['content-security-policy'].replace(
          "form-action 'none'",
          "form-action 'self'",
        ),
      }
    : PAGE_HEADERS
  const button = form
    ? `<form method="post" action="${escape(form.action)}"><button>${escape(form.button)}</button></form>`
    : ''
  return {
    status,
    headers: { ...headers, 'set-cookie': [...cookies], ...(status === 503 ? { 'retry-after': '5' } : {}) },
    body: `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(title)}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:12vh auto;padding:0 1rem;color-scheme:light dark}h1{font-size:1.4rem}</style>
</head><body><main><h1>${escape(title)}</h1><p>${escape(text)}</p>${button}</main></body></html>
`,
  }
}
