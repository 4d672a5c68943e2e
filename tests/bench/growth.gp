# growth.gp - the cost of a row by the size of the first load, from the file `data` into the file `picture`.
set terminal svg size 800,480 enhanced background 'white'
set output picture
set title 'First load: wall time a posting'
set xlabel 'postings'
set ylabel 'microseconds a posting'
set logscale x
set yrange [0:*]
set grid
set key off
plot data using 1:3 with lines lw 2, data using 1:3:2:4 with yerrorbars pt 7
