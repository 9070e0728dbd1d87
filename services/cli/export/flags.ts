import type { ExportClass } from '../../console/export/ocsf-records.ts'

/** What `gatewatch export` was asked for. */
export interface ExportFlags {
  readonly class: ExportClass
  readonly from?: string
  readonly to?: string
  readonly out?: string
  readonly kafkaTopic?: string | true
  readonly follow?: boolean
  readonly group?: string
  readonly tenant?: string
}
