import { installTools } from '../../deploy/grafana/plugin/build-plugin.ts'

/**
 * Installs what builds the app of Grafana, beside the checks, since a registry
 * may take its time. Where it can't be had the app's tests skip, and say why:
 * nothing that runs needs these packages.
 */
export async function bringGrafanaTools(): Promise<void> {
  try {
    await installTools()
  } catch (error) {
    const trouble = `npm ci in deploy/grafana/plugin: ${String(error).slice(0, 500)}`
    process.env['GATEWATCH_TEST_NO_GRAFANA_TOOLS'] = trouble
    console.log(`Tests of Grafana's app will skip: ${trouble}`)
  }
}
