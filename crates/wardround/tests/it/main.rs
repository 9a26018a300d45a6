//! The program as processes: what it prints, what it leaves on disk, and what survives a crash.

mod adversaries;
mod banded;
mod budgets;
mod claims;
mod command_line;
mod crashes;
mod emr_risk_table;
mod examinations;
mod grouped;
mod heart;
mod joining;
mod lab;
mod lecture;
mod masked;
mod obstacles;
mod own_files;
mod own_model;
mod own_rule;
mod policies;
mod privacy;
mod regions;
mod same_bits;
mod samplers;
mod scenarios;
mod strategy_laws;
