import { entityKey } from '../../../schemas/entity.ts'
import type { RiskState } from '../../../schemas/risk.ts'
import type { Story } from '../../../schemas/story.ts'
import { higherLevel, levelOf } from '../ledger/level.ts'
import type { LedgerParameters } from '../ledger/parameters.ts'
import { strongest } from './tell.ts'

/**
 * The story with what it did to risk: whom it made suspect, how far their risk
 * rose (findings that are MEDIUM each may be HIGH together), and what the
 * gateway was told.
 */
export function withEffect(story: Story, states: readonly RiskState[], parameters: LedgerParameters): Story {
  const suspects = new Map((story.suspects ?? []).map((entity) => [entityKey('', entity), entity]))
  let { risk_level, response } = story
  for (const state of states) {
    if (suspects.size < 100) suspects.set(entityKey('', state.entity), state.entity)
    risk_level = higherLevel(risk_level, levelOf(state.score, 'LOW', parameters))
    if (state.required_action === 'revoke') response = strongest(response, 'revoke')
    else if (state.level !== 'LOW') response = strongest(response, 'raise_risk')
  }
  const same =
    suspects.size === (story.suspects ?? []).length &&
    risk_level === story.risk_level &&
    response === story.response
  return same ? story : { ...story, suspects: [...suspects.values()], risk_level, response }
}
