export async function writeFaultsPage(): Promise<void> {}
