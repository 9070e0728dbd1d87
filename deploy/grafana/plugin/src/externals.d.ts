/**
 * What the app uses of Grafana's packages and of React, which Grafana hands over at run time: none is bundled. The
 * packages themselves would bring 500 dependencies, 650 MB, one of them from outside of the registry, for these types.
 */
declare module '@grafana/data' {
  export class AppPlugin {
    addConfigPage(page: { id: string; title: string; icon: string; body: () => JSX.Element }): this
  }
}

declare module '@grafana/runtime' {
  interface Options {
    readonly showErrorAlert?: boolean
  }
  export interface BackendSrv {
    get<T>(url: string, params?: object, requestId?: string, options?: Options): Promise<T>
    post(url: string, data: unknown): Promise<unknown>
    put(url: string, data: unknown): Promise<unknown>
  }
  export function getBackendSrv(): BackendSrv
}

declare module '@grafana/ui' {
  type Children = JSX.Element | string | readonly (JSX.Element | string)[]
  interface Changed {
    readonly currentTarget: { readonly value: string; readonly checked: boolean }
  }
  interface Entry {
    readonly id: string
    readonly onChange: (event: Changed) => void
  }
  export function Alert(props: {
    title: string
    severity: 'error' | 'warning' | 'success'
    children?: Children
  }): JSX.Element
  export function Button(props: { type: 'submit'; disabled: boolean; children: Children }): JSX.Element
  export function Checkbox(props: Entry & { label: string; value: boolean }): JSX.Element
  export function Field(props: { label?: string; children: Children }): JSX.Element
  export function Input(
    props: Entry & { width: number; type: string; autoComplete: string; value: string; placeholder: string },
  ): JSX.Element
}

declare module 'react' {
  export function useEffect(effect: () => void, on: readonly unknown[]): void
  export function useState<T>(initial: T): [T, (next: T) => void]
  const React: { createElement(type: unknown, props: object | null, ...children: unknown[]): JSX.Element }
  export default React
}

declare module '*.yaml' {
  interface DataSource {
    readonly name: string
    readonly uid: string
    readonly type: string
    readonly access: string
    readonly url?: string
    readonly jsonData: Readonly<Record<string, unknown>>
    readonly secureJsonData?: Readonly<Record<string, string>>
  }
  const file: { readonly datasources: readonly [clickhouse: DataSource, prometheus: DataSource] }
  export default file
}

declare namespace JSX {
  interface Element {
    readonly type: unknown
  }
  interface ElementChildrenAttribute {
    readonly children: unknown
  }
  interface IntrinsicAttributes {
    readonly key?: string
  }
  interface IntrinsicElements {
    div: { children: unknown }
    p: { children: unknown }
    form: { onSubmit: (event: { preventDefault(): void }) => void; children: unknown }
  }
}
