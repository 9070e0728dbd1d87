import type { Decision } from '../../../schemas/decision.ts'

const WIDTH = 66

/** `── 14:02:11  stolen session ──────` */
export function heading(at: Date, title: string): string {
  const text = `── ${at.toTimeString().slice(0, 8)}  ${title} `
  return text.padEnd(WIDTH, '─')
}

/** A labelled line. */
export function labelled(label: string, text: string): string {
  return `   ${label.padEnd(9)}${printable(text)}`
}

/** What the gateway did, in words. */
export function outcomeInWords(decision: Decision): string {
  const where = `${decision.resource.app ?? decision.resource.type} ${decision.context?.http?.path ?? decision.resource.id}`
  if (decision.outcome === 'revoke') return `ended the session at the request for ${where}`
  if (decision.outcome === 'deny') return `refused ${where}`
  if (decision.outcome === 'step_up') return `asked for the security key before ${where}`
  return `answered ${decision.outcome} for ${where}`
}

/** A finding's sentence may quote what an attacker sent: control characters never reach the terminal. */
function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are exactly the characters that a terminal would obey
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ')
}
