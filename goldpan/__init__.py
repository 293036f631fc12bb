"""Goldpan: prospecting jobs that find people, enrich them and fill audiences, on your own machine.

     api        console       cli        engine        doors       HTTP · browser · shell · the clock
       \\           |           |          /            translate, nothing else
        +----------+-----------+---------+
                     operations                        verbs       one function, one permission, one transaction
                    /          \\
             storage            providers              adapters    our SQL   |   other people's HTTP and files
                    \\          /
                      domain                           rules       pure functions on frozen values, no clock, no I/O
                         |
                      contract  <---- client           words       what the outside world sees; the same in Python

Route, operation, table function: three steps and you are at the SQL. `assembly` puts the parts together,
`settings` holds every setting. docs/architecture.md walks through it.
"""

__version__ = "0.1.0"
