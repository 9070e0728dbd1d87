import CopyWebpackPlugin from 'copy-webpack-plugin'
import type { Configuration } from 'webpack'
import { merge } from 'webpack-merge'
import { parse } from 'yaml'
import grafanaConfig, { type Env } from './.config/webpack/webpack.config.ts'

/** Grafana's build, and what stands in deploy/grafana already: dashboards, and data sources as they are provisioned. */
export default async (env: Env): Promise<Configuration> =>
  merge(await grafanaConfig(env), {
    module: { rules: [{ test: /\.yaml$/, type: 'json', parser: { parse } }] },
    // What a page loads may not grow unseen; dashboards are files of their own.
    performance: { assetFilter: (name) => name.endsWith('.js') },
    plugins: [new CopyWebpackPlugin({ patterns: [{ from: '../../dashboards', to: 'dashboards' }] })],
  })
