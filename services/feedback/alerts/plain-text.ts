/**
 * Text that somebody outside may have had a hand in (a user name, a path), for
 * a place that gives characters a meaning: Slack reads `<!channel>` and
 * `<url|text>`, terminals read control characters. Bounded.
 */
export function plainText(text: string, max: number): string {
  return text.replaceAll(/\p{C}/gu, ' ').replaceAll('<', '‹').replaceAll('>', '›').slice(0, max)
}
