import { installTools } from '../../deploy/grafana/plugin/build-plugin.ts'

/** It takes 13 to 27 s, and the checks beside it a minute: a run that waits longer for its app waits in vain. */
const LIMIT_MS = 100_000

/**
 * Installs what builds the app of Grafana, beside the checks, since a registry
 * may take its time. Where it can't be had the app's tests skip, and say why:
 * nothing that runs needs these packages.
 */
export async function bringGrafanaTools(): Promise<void> {
  try {
    await installTools(LIMIT_MS)
  } catch (error) {
    const trouble = `npm ci in deploy/grafana/plugin: ${String(error).slice(0, 500)}`
    process.env['GATEWATCH_TEST_NO_GRAFANA_TOOLS'] = trouble
    console.log(`Tests of Grafana's app will skip: ${trouble}`)
  }
}
