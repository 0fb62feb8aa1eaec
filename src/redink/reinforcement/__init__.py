"""Reinforcement learning: rollouts of the model in training, their rewards, and its updates."""
