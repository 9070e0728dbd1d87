import { z } from 'zod'

/** The formats of Grafana's provisioning files, strict: a key that Grafana does not know is silently ignored by it. */

const Text = z.string().min(1)
const DURATION = /^\d+(s|m|h|d)$/
const Settings = z.record(z.string(), z.unknown())

const Query = z.strictObject({
  refId: Text,
  datasourceUid: Text,
  queryType: Text.optional(),
  relativeTimeRange: z.strictObject({ from: z.int().min(0), to: z.int().min(0) }),
  model: z.looseObject({ refId: Text }),
})

const Rule = z.strictObject({
  uid: z.string().regex(/^[a-zA-Z0-9_-]{1,40}$/),
  title: z.string().min(1).max(190),
  condition: Text,
  data: z.array(Query).min(2),
  dashboardUid: Text.optional(),
  panelId: z.int().min(1).optional(),
  noDataState: z.enum(['OK', 'NoData', 'Alerting', 'KeepLast']),
  execErrState: z.enum(['OK', 'Error', 'Alerting', 'KeepLast']),
  for: z.string().regex(DURATION),
  annotations: z.strictObject({ summary: Text, description: Text, runbook_url: Text }),
  labels: z.strictObject({ severity: z.enum(['critical', 'warning']), part: Text }),
  isPaused: Text.optional(),
})
export type ProvisionedRule = z.infer<typeof Rule>

export const RuleFile = z.strictObject({
  apiVersion: z.literal(1),
  groups: z.array(
    z.strictObject({
      orgId: z.literal(1),
      name: Text,
      folder: Text,
      interval: z.string().regex(DURATION),
      rules: z.array(Rule).min(1),
    }),
  ),
})

export const ContactPointFile = z.strictObject({
  apiVersion: z.literal(1),
  contactPoints: z.array(
    z.strictObject({
      orgId: z.literal(1),
      name: Text,
      receivers: z
        .array(
          z.discriminatedUnion('type', [
            z.strictObject({
              uid: Text,
              type: z.literal('prometheus-alertmanager'),
              settings: z.strictObject({ url: Text }),
            }),
            z.strictObject({
              uid: Text,
              type: z.literal('webhook'),
              settings: z.strictObject({
                url: Text,
                httpMethod: z.enum(['POST', 'PUT']),
                authorization_scheme: Text,
                authorization_credentials: Text,
              }),
            }),
            z.strictObject({
              uid: Text,
              type: z.literal('pagerduty'),
              settings: z.strictObject({
                integrationKey: Text,
                severity: Text,
                class: Text,
                component: Text,
                group: Text,
              }),
            }),
            z.strictObject({
              uid: Text,
              type: z.literal('slack'),
              settings: z.strictObject({ url: Text }),
            }),
          ]),
        )
        .min(1),
    }),
  ),
})

const Route = z.strictObject({
  receiver: Text,
  object_matchers: z.array(z.tuple([Text, z.enum(['=', '!=', '=~', '!~']), Text])).min(1),
  group_by: z.array(Text).optional(),
  group_wait: z.string().regex(DURATION).optional(),
})

export const PolicyFile = z.strictObject({
  apiVersion: z.literal(1),
  policies: z.tuple([
    z.strictObject({
      orgId: z.literal(1),
      receiver: Text,
      group_by: z.array(Text),
      group_wait: z.string().regex(DURATION),
      group_interval: z.string().regex(DURATION),
      repeat_interval: z.string().regex(DURATION),
      routes: z.array(Route),
    }),
  ]),
})

export const DataSourceFile = z.strictObject({
  apiVersion: z.literal(1),
  datasources: z.array(
    z.strictObject({
      name: Text,
      uid: Text,
      type: Text,
      access: z.literal('proxy'),
      url: Text.optional(),
      jsonData: Settings,
      secureJsonData: z.record(z.string(), z.string()).optional(),
      editable: z.boolean().optional(),
    }),
  ),
})

export const ProviderFile = z.strictObject({
  apiVersion: z.literal(1),
  providers: z.array(
    z.strictObject({
      name: Text,
      folder: Text,
      type: z.literal('file'),
      disableDeletion: z.boolean(),
      allowUiUpdates: z.boolean(),
      updateIntervalSeconds: z.int().min(10),
      options: z.strictObject({ path: Text }),
    }),
  ),
})
