/** The group whose owner reads all live sources, and alone may write what it read. */
export const COLLECTOR_GROUP = 'collector'
