// Package scripts holds programs that people run: in pymotw/ the ten examples of the "Python Module of the Week" article
// on communication between processes, in bench/ the benchmarks, and the project's own shell scripts.
//
// Its tests run the starmp command as users do, on these scripts and on the scenarios in testdata/mp, and compare with
// what CPython prints for the same text. Each run is watched for processes that outlive it.
//
// The tests look at these variables of the environment:
//
//   - STARMP_BIN: the command to test, instead of one built for the tests
//   - STARMP_STRESS: how often each of the ten scripts runs, 2 by default, and how long the chaos tests go on
//   - STARMP_BURN: how many processes keep the CPUs busy meanwhile, 0 by default
//   - STARMP_ORACLE: if set, the scenarios also run under CPython 3.13, against the same expected output
package scripts
