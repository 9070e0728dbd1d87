import Bowser from 'bowser'
import type { Enrichment } from '../../../schemas/scored-decision.ts'

export type UserAgent = Enrichment['user_agent']

export const NO_USER_AGENT: UserAgent = { family: '', major: '', os: '', device_type: '' }

/**
 * Family, major version, system and device type of a user agent. What the
 * library does not know is told by its first product token (`curl`), so that
 * programs are told apart as well. Never throws: whoever sends it chose it.
 */
export function parseUserAgent(text: string): UserAgent {
  if (text === '') return NO_USER_AGENT
  const first = /^([A-Za-z0-9._-]{1,48})(?:\/(\d{1,8}))?/.exec(text)
  try {
    const { browser, os, platform } = Bowser.parse(text.slice(0, 1024))
    return {
      family: (browser.name || first?.[1] || 'other').slice(0, 64),
      major: ((browser.name ? browser.version?.split('.')[0] : first?.[2]) ?? '').slice(0, 16),
      os: (os.name ?? '').slice(0, 64),
      device_type: (platform.type ?? '').slice(0, 32),
    }
  } catch {
    return { ...NO_USER_AGENT, family: first?.[1] ?? 'other' }
  }
}
