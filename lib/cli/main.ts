#!/usr/bin/env node
/** The command `backed-up`. */
import { Command, CommanderError } from 'commander';
import { COULD_NOT_RUN, describeFailure, surviveClosedPipes } from '../model/cannot-run';
import { predictCommand } from './predict';

async function main(): Promise<void> {
  surviveClosedPipes();
  const program = new Command('backed-up').description('No volume without a backup.').exitOverride();
  for (const command of [predictCommand()]) program.addCommand(command.copyInheritedSettings(program));
  try {
    await program.parseAsync();
  } catch (error) {
    // Commander has printed what is wrong, or the help that was asked for.
    const printed = error instanceof CommanderError;
    if (!printed) process.stderr.write(describeFailure(error));
    process.exitCode = printed && error.exitCode === 0 ? 0 : COULD_NOT_RUN;
  }
}

void main();
