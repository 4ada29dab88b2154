#!/usr/bin/env node
/** The command `backed-up`. */
import { Command, CommanderError } from 'commander';
import { predictCommand } from './predict';

/** For what the person who calls has to mend: options, files. */
const COULD_NOT_RUN = 2;

async function main(): Promise<void> {
  const program = new Command('backed-up').description('No volume without a backup.').exitOverride();
  for (const command of [predictCommand()]) program.addCommand(command.copyInheritedSettings(program));
  try {
    await program.parseAsync();
  } catch (error) {
    // Commander has printed what is wrong.
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? 0 : COULD_NOT_RUN;
  }
}

void main();
