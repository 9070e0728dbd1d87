import { AppPlugin } from '@grafana/data'
import { DataSourcesPage } from './data-sources-page.tsx'

/** The app: its dashboards are files beside it, its only page makes the data sources that they name. */
export const plugin = new AppPlugin().addConfigPage({
  id: 'data-sources',
  title: 'Data sources',
  icon: 'database',
  body: DataSourcesPage,
})
