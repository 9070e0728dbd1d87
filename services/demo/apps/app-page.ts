export interface AppPage {
  readonly title: string
  readonly lines: readonly string[]
  /** Links within the application, as path and text. */
  readonly links?: readonly (readonly [path: string, text: string])[]
  /** Something that a person may do here. */
  readonly action?: { readonly path: string; readonly text: string }
}
