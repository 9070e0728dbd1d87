import type { Consumption } from '../../runtime/log/event-log.ts'
import type { Running } from '../../runtime/runtime.ts'
import type { StateAlerts } from '../state-alerts.ts'
import type { RulesConfig } from './config.ts'
import { RuleAdoptions } from './rule-adoptions.ts'
import { openRuleLoader, type RuleLoader } from './rule-loader.ts'
import { RuleSets } from './rule-sets.ts'
import { runJudging } from './run-judging.ts'
import { runMatching, type RunRulesOptions } from './run-matching.ts'

export interface StartRulesOptions extends RunRulesOptions {
  readonly tenant: string
  readonly alerts?: Pick<StateAlerts, 'refused' | 'restored'>
}

export interface RunningRules extends Running, Pick<Consumption, 'drained'> {
  readonly loader: RuleLoader
}

/** Starts both stages of rules: what matches, and what follows from matches. */
export async function startRules(config: RulesConfig, options: StartRulesOptions): Promise<RunningRules> {
  const { eventLog, logger, tenant, ruleMetrics } = options
  const stops: (() => Promise<void>)[] = []
  const stop = async (): Promise<void> => {
    for (let one = stops.pop(); one; one = stops.pop()) await one()
  }
  try {
    const sets = await RuleSets.open(eventLog)
    stops.push(() => sets.close())
    const loader = await openRuleLoader({
      directory: config.directory,
      refresh_ms: config.refresh,
      logger,
      before: sets.newest(),
    })
    stops.push(() => loader.stop())
    const adoptions = await RuleAdoptions.open(eventLog, sets, tenant)
    stops.push(() => adoptions.close())
    const judging = await runJudging(sets, {
      ...options,
      groups: config.groups,
      findingsPerDay: config.findings_per_day,
    })
    stops.push(() => judging.stop())
    const matching = await runMatching(loader, adoptions, options)
    stops.push(() => matching.stop())
    const unwatch = ruleMetrics.watch(loader)
    stops.push(async () => unwatch())
    return {
      loader,
      stop,
      async drained() {
        await matching.drained()
        await judging.drained()
      },
    }
  } catch (error) {
    await stop()
    throw error
  }
}
