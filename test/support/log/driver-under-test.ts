import type { EventLog } from '../../../services/runtime/log/event-log.ts'

/** What a driver brings to be put under the contract. */
export interface DriverUnderTest {
  /** Another client of the same log, with topics of four partitions. */
  open(): Promise<EventLog>
  /** A module that exports `openForChild(argument): Promise<EventLog>`, for clients in processes that are killed. */
  readonly child: { readonly module: string; readonly argument: string }
  close(): Promise<void>
}

export const PARTITIONS = 4
